/** The API of networks. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { NetworkAdministration, NetworkCreateOptions, NetworkService } from '../../../networks/service.types.ts';
import type { ObjectShape } from '../../request/shape.ts';
import { del, get, type Handler, post, type Route } from '../../router.ts';

export type Networks = NetworkService & NetworkAdministration;

export function networkRoutes(networks: Networks): Route[] {
  return [
    get('/networks', getNetworks(networks)),
    get('/networks/', getNetworks(networks)),
    post('/networks/create', postNetworksCreate(networks)),
    post('/networks/prune', postNetworksPrune(networks)),
    get('/networks/{id}', getNetwork(networks)),
    del('/networks/{id}', deleteNetwork(networks)),
  ];
}

const getNetworks =
  (networks: Pick<NetworkService, 'list'>): Handler =>
  async (ctx) => {
    const list = await networks.list(ctx.query.filters());
    // A list says nothing of the containers; inspect does. Before 1.52 it said so with an empty object.
    const summaries = list.map(({ Containers: _, Status: __, ...network }) => network);
    ctx.json(200, ctx.atLeast('1.52') ? summaries : summaries.map((network) => ({ ...network, Containers: {} })));
  };

const getNetwork =
  (networks: Pick<NetworkService, 'inspect'>): Handler =>
  async (ctx) => {
    ctx.json(200, await networks.inspect(ctx.param('id')));
  };

const IPAM: ObjectShape = {
  struct: 'IPAM',
  fields: {
    Driver: 'string',
    Config: {
      list: {
        struct: 'IPAMConfig',
        fields: { Subnet: 'string', IPRange: 'string', Gateway: 'string', AuxiliaryAddresses: { map: 'string' } },
      },
    },
    Options: { map: 'string' },
  },
};

const createRequest: ObjectShape = {
  struct: 'CreateRequest',
  fields: {
    Name: 'string',
    Driver: 'string',
    Scope: 'string',
    Internal: 'bool',
    Attachable: 'bool',
    Ingress: 'bool',
    ConfigOnly: 'bool',
    ConfigFrom: { struct: 'ConfigReference', fields: { Network: 'string' } },
    EnableIPv4: 'bool',
    EnableIPv6: 'bool',
    IPAM,
    Options: { map: 'string' },
    Labels: { map: 'string' },
  },
};

interface CreateBody {
  Name?: string;
  Driver?: string;
  Scope?: string;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: { Network?: string };
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  IPAM?: NetworkCreateOptions['ipam'];
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
}

const postNetworksCreate =
  (networks: Pick<Networks, 'create'>): Handler =>
  async (ctx) => {
    const body = (await ctx.body<CreateBody>(createRequest)) ?? {};
    refuseOtherScopes(body);
    const id = await networks.create({
      name: body.Name ?? '',
      ...(body.Driver && { driver: body.Driver }),
      ...(body.Internal && { internal: true }),
      ...(body.Attachable && { attachable: true }),
      ...(body.EnableIPv6 && { enableIPv6: true }),
      ...(body.IPAM && { ipam: body.IPAM }),
      ...(body.Options && { options: body.Options }),
      ...(body.Labels && { labels: body.Labels }),
    });
    ctx.json(201, { Id: id, Warning: '' });
  };

/** Swarm's kinds of networks, and those that are only a configuration for others. @throws NotImplemented */
function refuseOtherScopes(body: CreateBody): void {
  const refuse = (what: string) => new DockerError('NotImplemented', `${what} are not supported`);
  if (body.Scope && body.Scope !== 'local') throw refuse(`networks of scope ${body.Scope}`);
  if (body.Ingress) throw refuse('ingress networks');
  if (body.ConfigOnly || body.ConfigFrom?.Network) throw refuse('configuration-only networks');
  if (body.EnableIPv4 === false) throw refuse('networks without IPv4');
}

const deleteNetwork =
  (networks: Pick<Networks, 'remove'>): Handler =>
  async (ctx) => {
    await networks.remove(ctx.param('id'));
    ctx.empty(204);
  };

const postNetworksPrune =
  (networks: Pick<Networks, 'prune'>): Handler =>
  async (ctx) => {
    const removed = await networks.prune(ctx.query.filters());
    ctx.json(200, { NetworksDeleted: removed.length > 0 ? removed : null });
  };
