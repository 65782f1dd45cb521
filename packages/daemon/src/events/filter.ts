/** Which events a subscriber wants. */

import { checkFilterKeys, type Filters, matchesLabels } from '@tsdocker/shared/filters.ts';
import type { EventMessage } from '@tsdocker/shared/types/events.ts';

/** Filters that name an object of their type. */
const OBJECT_KEYS = [
  'config',
  'container',
  'daemon',
  'image',
  'network',
  'node',
  'plugin',
  'secret',
  'service',
  'volume',
];
const KEYS = [...OBJECT_KEYS, 'event', 'label', 'scope', 'type'];

type Matcher = (event: Required<EventMessage>) => boolean;

/** @throws InvalidParameter `invalid filter 'x'` */
export function eventMatcher(filters: Filters): Matcher {
  checkFilterKeys(filters, KEYS);
  const checks: Matcher[] = [];
  for (const [key, values] of Object.entries(filters)) {
    if (values.length > 0) checks.push(matcherOf(key, values));
  }
  return (event) => checks.every((check) => check(event));
}

function matcherOf(key: string, values: string[]): Matcher {
  if (key === 'type') return (event) => values.includes(event.Type);
  if (key === 'scope') return (event) => values.includes(event.scope);
  if (key === 'label') return (event) => matchesLabels(values, event.Actor.Attributes ?? {});
  if (key === 'event') return (event) => values.some((value) => matchesAction(value, event.Action));
  if (key === 'image') return (event) => values.some((value) => matchesImage(value, event));
  return (event) => event.Type === key && values.some((value) => namesObject(value, event));
}

/** `exec_create` stands for every `exec_create: command`. */
function matchesAction(wanted: string, action: string): boolean {
  return action === wanted || action.startsWith(`${wanted}:`);
}

function namesObject(wanted: string, event: Required<EventMessage>): boolean {
  const { ID = '', Attributes = {} } = event.Actor;
  return ID === wanted || ID.startsWith(wanted) || Attributes['name'] === wanted.replace(/^\//, '');
}

/** An image by its own events, and a container by the image it was made from; the tag may be left out. */
function matchesImage(wanted: string, event: Required<EventMessage>): boolean {
  if (event.Type !== 'image' && event.Type !== 'container') return false;
  const { ID = '', Attributes = {} } = event.Actor;
  const name = (event.Type === 'image' ? Attributes['name'] : Attributes['image']) ?? '';
  const candidates = event.Type === 'image' ? [ID, name] : [name];
  return candidates.some((candidate) => candidate === wanted || withoutTag(candidate) === wanted);
}

function withoutTag(reference: string): string {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
}
