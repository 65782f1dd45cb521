/**
 * Where tsdocker's answers differ from those of docker 20.10 with the client 28.2, and why. A line that is listed and does
 * not differ any more fails the test.
 */
export interface Difference {
  area: string;
  line: string;
  reason: string;
}

export const LINE_DIFFERENCES: readonly Difference[] = [];

/** Paths of a container's inspect document. */
export const STATE_DIFFERENCES: readonly { path: RegExp; reason: string }[] = [];
