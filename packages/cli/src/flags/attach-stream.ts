/** One value of -a, in lower case. */
export function parseAttachStream(text: string): string {
  const stream = text.toLowerCase();
  if (!['stdin', 'stdout', 'stderr'].includes(stream)) {
    throw new Error('valid streams are STDIN, STDOUT and STDERR');
  }
  return stream;
}
