/** Errors of a Dockerfile's text, with the line they are on. */
import { DockerError } from '@tsdocker/shared/errors.ts';

/** Where an instruction stands; lines count from 1. */
export interface Location {
  startLine: number;
  endLine: number;
}

/** A mistake in the text itself. The members are for showing the lines; the message names the line already. */
export class DockerfileError extends DockerError {
  readonly location: Location;
  constructor(message: string, location: Location) {
    super('InvalidParameter', `dockerfile parse error on line ${location.startLine}: ${message}`);
    this.location = location;
  }
}

/** A mistake without a place of its own; whoever knows the line adds it. */
export function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}
