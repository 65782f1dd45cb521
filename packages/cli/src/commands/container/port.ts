import type { PortBinding } from '@tsdocker/shared/types/container.ts';
import type { Cli } from '../../cli.ts';
import { containerInspect } from '../../client/container.ts';
import type { CommandSpec } from '../../command.ts';
import { parseUint } from '../../flags/go-number.ts';
import { StatusError } from '../../status-error.ts';

export const command: CommandSpec = {
  name: 'port',
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  summary: 'Show published ports, or where one of them is',
  flags: [],
  args: { min: 1, max: 2 },
  run: port,
};

async function port(cli: Cli, args: string[]): Promise<void> {
  const [container = '', wanted] = args;
  const { NetworkSettings } = await containerInspect(cli.client(), container);
  const ports = (NetworkSettings?.Ports ?? {}) as Record<string, PortBinding[] | null>;
  if (wanted !== undefined) {
    const [number = '', protocol = 'tcp'] = wanted.split('/');
    checkPort(number);
    const bindings = ports[`${number}/${protocol}`];
    if (!bindings?.length) throw new StatusError(1, `Error: No public port '${wanted}' published for ${container}`);
    return cli.stdout.write(bindings.map((binding) => `${hostText(binding)}\n`).join(''));
  }
  const lines = Object.entries(ports).flatMap(([name, bindings]) =>
    (bindings ?? []).map((binding) => ({ name, text: `${name} -> ${hostText(binding)}\n` })),
  );
  lines.sort((a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10) || (a.text < b.text ? -1 : 1));
  cli.stdout.write(lines.map((line) => line.text).join(''));
}

function checkPort(number: string): void {
  try {
    parseUint(number, 10, 16);
  } catch (err) {
    throw new StatusError(1, `Error: invalid port (${number}): ${(err as Error).message}`);
  }
}

function hostText({ HostIp, HostPort }: PortBinding): string {
  return HostIp?.includes(':') ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
}
