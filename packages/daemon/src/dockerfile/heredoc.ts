/** Here-documents of RUN, COPY and ADD. @see Dockerfile reference, "Here-Documents" */
import { DockerfileError, type Location } from './errors.ts';
import type { LineReader } from './logical-lines.ts';
import { splitWords } from './split-words.ts';

export interface Heredoc {
  /** The word that ends it, and the file's name in COPY. */
  name: string;
  /** Descriptor given before `<<`; 0 when none is. */
  descriptor: number;
  /** Variables in the body are expanded by whoever reads it: the word was not quoted. */
  expand: boolean;
  /** `<<-`: leading tabs are gone. */
  chomp: boolean;
  /** With its last newline. */
  content: string;
}

/** A body larger than this is an attack or a mistake: it would be kept in memory, history and cache keys. */
const MAX_BODY_BYTES = 32 << 20;
const OPENING = /^(\d*)<<(-?)([^<]*)$/;

/** `<<EOF`, `3<<-"EOF"`; undefined for any other word. */
export function heredocOpening(word: string): Omit<Heredoc, 'content'> | undefined {
  const match = OPENING.exec(word);
  const quoted = match?.[3];
  if (!quoted) return undefined;
  const name = quoted.replace(/(["'])(.*?)\1|\\(.)/g, (_, __, inner, escaped) => inner ?? escaped);
  if (name === '' || /["']/.test(name)) return undefined;
  return { name, descriptor: Number(match[1] || 0), expand: name === quoted, chomp: match[2] === '-' };
}

/** Takes the bodies of all heredocs opened in `text` from the lines that follow. @throws DockerfileError unterminated */
export function readHeredocs(text: string, escapeToken: string, lines: LineReader, location: Location): Heredoc[] {
  const openings = splitWords(text, escapeToken).flatMap((word) => heredocOpening(word) ?? []);
  return openings.map((opening) => {
    let content = '';
    for (let line = lines.raw(); line !== undefined; line = lines.raw()) {
      const body = opening.chomp ? line.replace(/^\t+/, '') : line;
      if (body === opening.name) return { ...opening, content };
      content += `${body}\n`;
      if (content.length > MAX_BODY_BYTES) throw new DockerfileError('heredoc too large', location);
    }
    throw new DockerfileError('unterminated heredoc', location);
  });
}
