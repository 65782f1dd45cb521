/** Indents JSON text without parsing numbers: what the daemon sent stays as it is, long integers included. */
const INDENT = '    ';

/** @param json valid JSON. @param depth of the first line. @param indent one level */
export function indentJson(json: string, depth = 0, indent = INDENT): string {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const out: string[] = [];
  let level = depth;
  const newLine = (): string => `\n${indent.repeat(level)}`;
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      const empty = next === '}' || next === ']';
      if (!empty) level++;
      out.push(token, empty ? '' : newLine());
    } else if (token === '}' || token === ']') {
      const empty = tokens[i - 1] === '{' || tokens[i - 1] === '[';
      if (!empty) level--;
      out.push(empty ? '' : newLine(), token);
    } else if (token === ',') out.push(token, newLine());
    else out.push(token === ':' ? ': ' : token);
  });
  return out.join('');
}

/** Blanks outside strings removed. */
export function compactJson(json: string): string {
  return (json.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? []).join('');
}
