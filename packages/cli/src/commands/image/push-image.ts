/** Pushing one tag, or all of a repository, with its registry's credentials: `push`, and `build --push`. */
import { familiarName, type Reference } from '@tsdocker/shared/reference.ts';
import type { Cli, OutputStream } from '../../cli.ts';
import { imagePush } from '../../client/image.ts';
import { credentialsFor, encodeAuth, serverOfDomain } from '../../config/credentials.ts';
import { showProgress } from '../../streams/progress.ts';

/** @param reference without a tag: all of them. @throws StatusError, DockerError */
export async function pushImage(
  cli: Cli,
  reference: Reference,
  options: { platform?: string; out: OutputStream },
): Promise<void> {
  const auth = await credentialsFor(cli.config(), serverOfDomain(reference.domain), cli.env);
  const messages = await imagePush(cli.client(), {
    name: familiarName(reference),
    ...(reference.tag && { tag: reference.tag }),
    ...(options.platform && { platform: options.platform }),
    registryAuth: encodeAuth(auth),
  });
  await showProgress(options.out, messages);
}
