/** What a client gets that asks about a Dockerfile in place of building it. */
import type { BuildCall, BuildEvent } from '@tsdocker/shared/types/build.ts';
import { failedPlace } from '../failed-place.ts';
import { type CheckInput, checkBuild } from './check-build.ts';
import { outlineOf, targetsOf } from './outline.ts';

/** @param text of the Dockerfile */
export async function answerCall(
  call: Exclude<BuildCall, 'build'>,
  input: CheckInput,
  text: string,
): Promise<BuildEvent> {
  const source = { file: input.file, text };
  if (call === 'outline') return { kind: 'outline', outline: outlineOf(input), source };
  if (call === 'targets') return { kind: 'targets', targets: targetsOf(input.plan, input.imageOf), source };
  const { warnings, error } = await checkBuild(input);
  return {
    kind: 'checked',
    warnings,
    ...(error && {
      error: { message: error.message, place: failedPlace(input.file, input.dockerfile.lines, error.location) },
    }),
    source,
  };
}
