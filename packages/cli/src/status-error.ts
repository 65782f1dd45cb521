/** An end with a code of its own: the message goes to stderr as it is (none: nothing), the program ends with exitCode. */
export class StatusError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}
