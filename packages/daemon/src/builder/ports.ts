/** `EXPOSE`: `80`, `80/udp`, `8000-8010`, and the port of `ip:host:container`. */
import { invalid } from '../dockerfile/errors.ts';

const PORT = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(\w+))?$/;

/** @returns `80/tcp`, one for each port @throws InvalidParameter */
export function exposedPorts(word: string): string[] {
  const match = PORT.exec(word.slice(word.lastIndexOf(':') + 1));
  const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!match || from > 65_535 || to > 65_535 || to < from) throw invalid(`invalid containerPort: ${word}`);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw invalid(`invalid proto: ${match[3]}`);
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol}`);
}
