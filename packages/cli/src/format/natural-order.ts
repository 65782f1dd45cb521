/** Order of names as docker lists them: runs of digits count as numbers, so `web9` comes before `web10`. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [chunks(a), chunks(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareChunks(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function chunks(text: string): string[] {
  return text.match(/\d+|[^\d]+/g) ?? [];
}

function compareChunks(a: string, b: string): number {
  const bothNumbers = /^\d/.test(a) && /^\d/.test(b);
  if (bothNumbers) {
    const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
    if (x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
    return a.length - b.length;
  }
  return a === b ? 0 : a < b ? -1 : 1;
}
