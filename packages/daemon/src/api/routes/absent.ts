/** What a node without plugins and without a swarm answers: clients that ask every kind of object rely on these texts. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import { get, type Method, put, type Route } from '../router.ts';

const SWARM: readonly [Method, string][] = [
  ['GET', '/nodes'],
  ['GET', '/nodes/{id}'],
  ['DELETE', '/nodes/{id}'],
  ['POST', '/nodes/{id}/update'],
  ['GET', '/swarm'],
  ['GET', '/services'],
  ['POST', '/services/create'],
  ['GET', '/services/{id}'],
  ['DELETE', '/services/{id}'],
  ['POST', '/services/{id}/update'],
  ['GET', '/services/{id}/logs'],
  ['GET', '/tasks'],
  ['GET', '/tasks/{id}'],
  ['GET', '/tasks/{id}/logs'],
  ['GET', '/secrets'],
  ['POST', '/secrets/create'],
  ['GET', '/secrets/{id}'],
  ['DELETE', '/secrets/{id}'],
  ['POST', '/secrets/{id}/update'],
  ['GET', '/configs'],
  ['POST', '/configs/create'],
  ['GET', '/configs/{id}'],
  ['DELETE', '/configs/{id}'],
  ['POST', '/configs/{id}/update'],
];

const NO_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

export const absentRoutes: readonly Route[] = [
  get('/plugins', (ctx) => ctx.json(200, [])),
  get('/plugins/{name+}/json', (ctx) => {
    throw new DockerError('NotFound', `plugin "${ctx.param('name')}" not found`);
  }),
  put('/volumes/{name}', () => {
    throw new DockerError('Unavailable', 'volume update only valid for cluster volumes, but swarm is unavailable');
  }),
  ...SWARM.map(([method, path]) => ({
    method,
    path,
    handler: () => {
      throw new DockerError('Unavailable', NO_MANAGER);
    },
  })),
];
