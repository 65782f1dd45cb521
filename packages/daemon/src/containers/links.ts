/** Legacy links (`--link`): a container on the default bridge learns another one's address, ports and variables. */
import type { Container } from './container.ts';
import type { Domain } from './deps.types.ts';
import { conflict, invalid } from './errors.ts';

interface Link {
  target: Container;
  alias: string;
}

/** `name` or `name:alias`. @throws InvalidParameter a name nobody has */
export function checkLinks(deps: Pick<Domain, 'index'>, links: readonly string[]): void {
  for (const text of links) {
    const { name } = splitLink(text);
    if (!deps.index.find(name)) throw invalid(`could not get container for ${name}: No such container: ${name}`);
  }
}

function splitLink(text: string): { name: string; alias: string } {
  const [name = '', alias = name] = text.split(':', 2);
  return { name: name.replace(/^\//, ''), alias: alias.slice(alias.lastIndexOf('/') + 1) };
}

/** @throws Conflict one that does not run */
function resolveLinks(deps: Pick<Domain, 'index'>, c: Container): Link[] {
  return (c.hostConfig.Links ?? []).map((text) => {
    const { name, alias } = splitLink(text);
    const target = deps.index.find(name);
    if (!target) throw invalid(`could not get container for ${name}: No such container: ${name}`);
    if (!target.isRunning)
      throw conflict(`Cannot link to a non running container: /${target.name} AS /${c.name}/${alias}`);
    return { target, alias };
  });
}

/** Address of a linked container; '' when it has none on the bridge. */
const addressOf = ({ target }: Link): string => target.record.network.networks['bridge']?.IPAddress ?? '';

/** Lines of /etc/hosts: address, alias, host name, name. @throws as start does for links */
export function linkHosts(deps: Pick<Domain, 'index'>, c: Container): string[] {
  return resolveLinks(deps, c)
    .filter((link) => addressOf(link) !== '')
    .map((link) => {
      const names = new Set([link.alias, link.target.record.config.Hostname ?? '', link.target.name]);
      return `${addressOf(link)}\t${[...names].filter(Boolean).join(' ')}\n`;
    });
}

/** Variables of the container's program: `DB_PORT_5432_TCP_ADDR` and its kin. */
export function linkEnvironment(deps: Pick<Domain, 'index'>, c: Container): string[] {
  return resolveLinks(deps, c).flatMap((link) => {
    const prefix = link.alias.toUpperCase().replaceAll('-', '_');
    const address = addressOf(link);
    const { ExposedPorts, Env } = link.target.record.config;
    const ports = Object.keys(ExposedPorts ?? {}).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    const url = (spec: string) => {
      const [port, protocol = 'tcp'] = spec.split('/');
      return { port, protocol, text: `${protocol}://${address}:${port}` };
    };
    const first = ports[0];
    return [
      ...(first === undefined ? [] : [`${prefix}_PORT=${url(first).text}`]),
      ...ports.flatMap((spec) => {
        const { port, protocol, text } = url(spec);
        const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
        return [`${name}=${text}`, `${name}_ADDR=${address}`, `${name}_PORT=${port}`, `${name}_PROTO=${protocol}`];
      }),
      `${prefix}_NAME=/${c.name}/${link.alias}`,
      ...(Env ?? []).filter((e) => !/^(HOME|PATH)=/.test(e)).map((e) => `${prefix}_ENV_${e}`),
    ];
  });
}
