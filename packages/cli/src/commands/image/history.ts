import type { ImageHistoryItem } from '@tsdocker/shared/types/image.ts';
import { humanSize } from '@tsdocker/shared/units.ts';
import { imageHistory } from '../../client/image.ts';
import type { CommandSpec } from '../../command.ts';
import { type Columns, type Row, writeRows } from '../../format/format.ts';
import { ellipsis, shortId } from '../../format/text.ts';
import { ago, rfc3339 } from '../../format/times.ts';
import { LIST_FORMAT, NO_TRUNC } from '../format-flag.ts';
import { PLATFORM_FLAG, platformOption } from './platform-flag.ts';

const CREATED_BY_WIDTH = 45;

export const command: CommandSpec = {
  name: 'history',
  usage: '[OPTIONS] IMAGE',
  summary: 'Show the layers of an image',
  flags: [
    LIST_FORMAT,
    { name: 'human', short: 'H', kind: 'bool', default: true, description: 'Print sizes and times for people' },
    NO_TRUNC,
    { ...PLATFORM_FLAG, since: '1.48' },
    { name: 'quiet', short: 'q', kind: 'bool', description: 'Print ids only' },
  ],
  args: { min: 1, max: 1 },
  async run(cli, args, flags) {
    const items = await imageHistory(cli.client(), args[0]!, platformOption(flags));
    const options = { truncate: !flags.bool('no-trunc'), human: flags.bool('human') };
    const rows = items.map((item) => historyRow(item, options));
    writeRows(cli.stdout, columns(options.human), rows, { format: flags.string('format'), quiet: flags.bool('quiet') });
  },
};

function columns(human: boolean): Columns {
  const created = human ? '{{.CreatedSince}}' : '{{.CreatedAt}}';
  return {
    typeName: '*image.historyContext',
    headers: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
    defaultTable: `{{.ID}}\t${created}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
    quiet: '{{.ID}}',
  };
}

function historyRow(item: ImageHistoryItem, { truncate, human }: { truncate: boolean; human: boolean }): Row {
  const created = item.Created * 1000;
  const createdBy = item.CreatedBy.replaceAll('\t', ' ');
  return {
    ID: truncate ? shortId(item.Id) : item.Id,
    CreatedSince: () => (human ? (item.Created <= 0 ? 'N/A' : ago(created)) : rfc3339(created)),
    CreatedAt: () => rfc3339(created),
    CreatedBy: truncate ? ellipsis(createdBy, CREATED_BY_WIDTH) : createdBy,
    Size: human ? humanSize(item.Size, 3) : String(item.Size),
    Comment: item.Comment,
  };
}
