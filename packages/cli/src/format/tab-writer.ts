/**
 * Columns as Go's tabwriter sets them for docker (min width 10, padding 3, blanks): a column is a run of lines that have a
 * cell there; a line that has none ends the run. The last cell of a line is not padded and does not count.
 */
const MIN_WIDTH = 10;
const PADDING = 3;

/** @param text lines with tabs between cells */
export function alignTabs(text: string, minWidth = MIN_WIDTH, padding = PADDING): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  const columns = largest(lines, (cells) => cells.length - 1);
  for (let column = 0; column < columns; column++) setColumn(lines, widths, column, minWidth, padding);
  return lines.map((cells, row) => cells.map((cell, i) => padTo(cell, widths[row]![i])).join('')).join('\n');
}

function setColumn(lines: string[][], widths: number[][], column: number, minWidth: number, padding: number): void {
  for (let start = 0; start < lines.length; start++) {
    let end = start;
    while (end < lines.length && lines[end]!.length - 1 > column) end++;
    if (end === start) continue;
    const block = lines.slice(start, end);
    // A column of empty cells takes no room (tabwriter's DiscardEmptyColumns is off: it keeps the padding).
    const width = Math.max(minWidth, largest(block, (cells) => displayWidth(cells[column]!)) + padding);
    for (let row = start; row < end; row++) widths[row]![column] = width;
    start = end - 1;
  }
}

/** Lists of any length: spread into Math.max, a hundred thousand lines overflow the stack. */
function largest<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((most, item) => Math.max(most, measure(item)), 0);
}

function padTo(cell: string, width: number | undefined): string {
  return width === undefined ? cell : cell + ' '.repeat(width - displayWidth(cell));
}

/** Go counts runes. */
function displayWidth(text: string): number {
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length;
}
