/** Reads what a daemon logged of its answers and holds it against the API's definition. */
import { existsSync, readFileSync } from 'node:fs';
import { ANSWER_EXCEPTIONS } from './answer-exceptions.ts';
import { schemaOf, violations } from './answer-schema.ts';

interface Logged {
  method: string;
  route: string;
  version: string;
  status: number;
  body: unknown;
}

/** The version the definition is of. Older ones leave members out and have others, but those they share are the same. */
const VERSION = '1.55';
const MEMBERS = new Set(['is missing', 'is unknown']);

/** @returns one line for each place of each operation that breaks the definition, with the number of times */
export function brokenAnswers(logPath: string): string[] {
  if (!existsSync(logPath)) return [];
  const counts = new Map<string, number>();
  for (const line of readFileSync(logPath, 'utf8').split('\n')) {
    // A daemon that was killed may have left half a line.
    if (!line.endsWith('}')) continue;
    const { method, route, version, status, body } = JSON.parse(line) as Logged;
    const schema = schemaOf(method, route, status);
    if (!schema) continue;
    for (const { at, problem } of violations(schema, body)) {
      if (version !== VERSION && MEMBERS.has(problem)) continue;
      const operation = `${method} ${route}`;
      if (isException(operation, at, problem)) continue;
      const key = `${operation} ${status}: ${at || 'the answer'} ${problem}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => `${key} (${count} times)`).sort();
}

function isException(operation: string, at: string, problem: string): boolean {
  return ANSWER_EXCEPTIONS.some(
    (e) => (e.operation === undefined || e.operation === operation) && e.at.test(at) && e.problem.test(problem),
  );
}
