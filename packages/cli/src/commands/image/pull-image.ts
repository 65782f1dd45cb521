/** Pulling one image with its registry's credentials: `pull`, and `run` and `create` when the image is not here. */
import { familiarName, type Reference, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { Cli, OutputStream } from '../../cli.ts';
import { imagePull } from '../../client/image.ts';
import { credentialsFor, encodeAuth, serverOfDomain } from '../../config/credentials.ts';
import { showProgress } from '../../streams/progress.ts';

export interface PullImageOptions {
  /** All tags of the repository. */
  all?: boolean;
  /** Print nothing but errors. */
  quiet?: boolean;
  /** `os[/arch[/variant]]`; '' means the daemon's own. */
  platform?: string;
  /** Where progress goes: stdout for pull, stderr for run. */
  out: OutputStream;
}

/** @param reference `latest` when it names neither tag nor digest. @throws StatusError, DockerError */
export async function pullImage(cli: Cli, reference: Reference, options: PullImageOptions): Promise<void> {
  const { digest, tag } = withDefaultTag(reference);
  const auth = await credentialsFor(cli.config(), serverOfDomain(reference.domain), cli.env);
  const messages = await imagePull(cli.client(), {
    fromImage: familiarName(reference),
    ...(options.all ? {} : { tag: digest ?? tag }),
    ...(options.platform ? { platform: options.platform } : {}),
    registryAuth: encodeAuth(auth),
  });
  await showProgress(options.quiet ? silent(options.out) : options.out, messages);
}

/** Takes what is written and shows nothing. */
export function silent({ stream }: OutputStream): OutputStream {
  return { stream, isTerminal: false, size: () => undefined, onResize: () => () => {}, write: () => {} };
}
