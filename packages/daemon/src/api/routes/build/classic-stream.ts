/** A build's events as the text dockerd's own builder sends, for clients that know nothing else. */
import { hexOf } from '@tsdocker/shared/digest.ts';
import { familiarString, parseReference, withDefaultTag } from '@tsdocker/shared/reference.ts';
import type { BuildEvent } from '@tsdocker/shared/types/build.ts';
import type { ProgressSink } from '../../../images/service.types.ts';

const short = (id: string): string => (id.startsWith('sha256:') ? hexOf(id) : id).slice(0, 12);

/** @param quiet the id and nothing else */
export function classicStream(progress: ProgressSink, quiet: boolean): (event: BuildEvent) => void {
  const say = (text: string): void => {
    if (!quiet) progress({ stream: text });
  };
  return (event) => {
    switch (event.kind) {
      case 'instruction':
        say(`Step ${event.number}/${event.total} : ${event.text}\n`);
        break;
      case 'base':
        say(` ---> ${short(event.image)}\n`);
        break;
      case 'cached':
        say(' ---> Using cache\n');
        break;
      case 'running':
        say(` ---> Running in ${short(event.container)}\n`);
        break;
      case 'log':
        say(event.text);
        break;
      case 'removed':
        say(` ---> Removed intermediate container ${short(event.container)}\n`);
        break;
      case 'pull':
        if (!quiet) progress(event.message);
        break;
      case 'built':
        if (quiet) progress({ stream: `${event.image}\n` });
        progress({ aux: { ID: event.image } });
        say(`Successfully built ${short(event.image)}\n`);
        for (const name of event.names)
          say(`Successfully tagged ${familiarString(withDefaultTag(parseReference(name)))}\n`);
        break;
      default:
        // How long a step took, and where it failed, is not told in this form.
        break;
    }
  };
}
