/** The API of networks. */
import type { NetworkService } from '../../../networks/service.types.ts';
import { get, type Handler, type Route } from '../../router.ts';

export function networkRoutes(networks: NetworkService): Route[] {
  return [
    get('/networks', getNetworks(networks)),
    get('/networks/', getNetworks(networks)),
    get('/networks/{id}', getNetwork(networks)),
  ];
}

const getNetworks =
  (networks: Pick<NetworkService, 'list'>): Handler =>
  async (ctx) => {
    const list = await networks.list(ctx.query.filters());
    // A list says nothing of the containers; inspect does.
    ctx.json(
      200,
      list.map((network) => ({ ...network, Containers: {} })),
    );
  };

const getNetwork =
  (networks: Pick<NetworkService, 'inspect'>): Handler =>
  async (ctx) => {
    ctx.json(200, await networks.inspect(ctx.param('id')));
  };
