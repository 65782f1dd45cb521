/** Raw JSON of one object of each kind: inspect prints what the daemon sent. */
import type { EngineClient, Query } from './client.ts';

const segment = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

async function get(client: EngineClient, path: string, query: Query = {}): Promise<string> {
  return (await client.request('GET', path, { query })).text();
}

export interface InspectOptions {
  size?: boolean;
  verbose?: boolean;
  platform?: object;
}
export type InspectFunction = (client: EngineClient, name: string, options: InspectOptions) => Promise<string>;

export const inspectContainer: InspectFunction = (client, name, { size }) =>
  get(client, `/containers/${encodeURIComponent(name)}/json`, { size });
export const inspectImage: InspectFunction = (client, name, { platform }) =>
  get(client, `/images/${segment(name)}/json`, { platform });
export const inspectNetwork: InspectFunction = (client, name, { verbose }) =>
  get(client, `/networks/${encodeURIComponent(name)}`, { verbose });
export const inspectVolume: InspectFunction = (client, name) => get(client, `/volumes/${encodeURIComponent(name)}`);
export const inspectPlugin: InspectFunction = (client, name) => get(client, `/plugins/${segment(name)}/json`);

/** Objects of a swarm: they all read alike. */
const inspectSwarm =
  (kind: string): InspectFunction =>
  (client, name) =>
    get(client, `/${kind}/${encodeURIComponent(name)}`);
export const inspectNode = inspectSwarm('nodes');
export const inspectService = inspectSwarm('services');
export const inspectTask = inspectSwarm('tasks');
export const inspectSecret = inspectSwarm('secrets');
export const inspectConfig = inspectSwarm('configs');
