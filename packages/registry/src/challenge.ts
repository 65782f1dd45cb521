/** The `WWW-Authenticate` header: schemes with parameters, several in one header or many. @see RFC 9110, 11.6.1 */

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;

/** Reads what it understands and stops at the first thing it does not. */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap(parseOne);
}

function parseOne(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const token = () => {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(header)?.[0];
    if (match !== undefined) at += match.length;
    return match;
  };
  const skip = (chars: string) => {
    while (at < header.length && chars.includes(header[at] as string)) at++;
  };
  for (;;) {
    skip(' \t,');
    const word = token();
    if (word === undefined) return challenges;
    const afterWord = at;
    skip(' \t');
    const current = challenges.at(-1);
    if (header[at] === '=' && current) {
      at++;
      skip(' \t');
      const value = header[at] === '"' ? quoted() : token();
      if (value === undefined) return challenges;
      current.parameters[word.toLowerCase()] = value;
    } else {
      at = afterWord;
      challenges.push({ scheme: word.toLowerCase(), parameters: {} });
    }
  }

  function quoted(): string | undefined {
    let out = '';
    for (at++; at < header.length; at++) {
      const c = header[at] as string;
      if (c === '"') {
        at++;
        return out;
      }
      if (c === '\\') at++;
      out += header[at] ?? '';
    }
    return undefined;
  }
}
