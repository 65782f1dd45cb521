import { escapeHtml } from '@tsdocker/shared/template/values.ts';
import type { Cli } from '../../cli.ts';
import type { CommandSpec } from '../../command.ts';
import { metadataText } from '../../config/context-store.ts';
import { contextFolders, DEFAULT_CONTEXT } from '../../config/contexts.ts';
import { OBJECT_FORMAT } from '../format-flag.ts';
import { inspectObjects } from '../inspect-objects.ts';
import { contextOf } from './default-context.ts';

/** Where the context `default` is kept. */
const NOWHERE = '<IN MEMORY>';

export const command: CommandSpec = {
  name: 'inspect',
  usage: '[OPTIONS] [CONTEXT] [CONTEXT...]',
  summary: 'Show all there is to know of contexts',
  description: 'Show all there is to know of contexts; without a name, of the current one',
  flags: [OBJECT_FORMAT],
  args: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(cli, args, flags) {
    const names = args.length === 0 ? [cli.contextName()] : args;
    await inspectObjects(cli, names, flags.string('format'), async (name) => contextText(cli, name));
  },
};

/** Names of the certificates' files, never what is in them. */
function contextText(cli: Cli, name: string): string {
  const { metadata, tls } = contextOf(cli, name);
  const TLSMaterial = Object.fromEntries(
    Object.entries(tls).map(([endpoint, files]) => [endpoint, Object.keys(files)]),
  );
  const folders = contextFolders(cli.config().directory, name);
  const Storage =
    name === DEFAULT_CONTEXT
      ? { MetadataPath: NOWHERE, TLSPath: NOWHERE }
      : { MetadataPath: folders.meta, TLSPath: folders.tls };
  const text = JSON.stringify({ ...JSON.parse(metadataText(metadata)), TLSMaterial, Storage });
  return escapeHtml(text);
}
