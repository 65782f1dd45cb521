import { cut } from './go-number.ts';

/** The restart policy of the Engine API; which names exist is the daemon's to say. */
export interface ParsedRestartPolicy {
  Name: string;
  MaximumRetryCount: number;
}

/** `name[:max-retries]`. */
export function parseRestartPolicy(text: string): ParsedRestartPolicy {
  const { before: name, after: count, found } = cut(text, ':');
  if (found && name === '') throw new Error('invalid restart policy format: no policy provided before colon');
  if (count !== '' && !/^[+-]?\d{1,15}$/.test(count)) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer');
  }
  return { Name: name, MaximumRetryCount: Number(count) };
}
