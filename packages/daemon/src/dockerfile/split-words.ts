/**
 * Splits an instruction's arguments at blanks outside quotes. Quotes and escapes stay in the words: expansion removes
 * them later.
 * @param escapeToken `\` or `` ` ``
 */
export function splitWords(text: string, escapeToken: string): string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (!quote && (c === ' ' || c === '\t' || c === '\n' || c === '\r')) {
      if (started) words.push(word);
      word = '';
      started = false;
      continue;
    }
    started = true;
    word += c;
    if (quote === "'") {
      if (c === "'") quote = '';
    } else if (c === escapeToken && i + 1 < text.length) {
      i += 1;
      word += text[i];
    } else if (quote) {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
  }
  if (started) words.push(word);
  return words;
}
