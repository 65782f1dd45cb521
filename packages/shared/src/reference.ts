/**
 * Image references: `[host[:port]/]path[:tag][@digest]`, normalised as Docker does and printed in the short form people
 * type. Pure; every error carries Docker's words.
 * @see github.com/distribution/reference for the grammar
 */
import { type Digest, parseDigest } from './digest.ts';
import { DockerError } from './errors.ts';

/** The registry meant when a reference names none. */
export const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const MAX_PATH = 255;
/** Longer input is refused before a regular expression sees it. */
const MAX_INPUT = 4096;

/** A parsed reference. `domain` and `path` are complete: `docker.io` and `library/ubuntu` for `ubuntu`. */
export interface Reference {
  domain: string;
  path: string;
  tag?: string;
  digest?: Digest;
}

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const HOST_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(${DOMAIN})/(${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const TAG_ONLY = new RegExp(`^${TAG}$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', message);
}

/** Splits off the registry; names of one part are official images. */
function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { domain: DEFAULT_DOMAIN, remainder: OFFICIAL_PREFIX + text };
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  let domain = DEFAULT_DOMAIN;
  let remainder = text;
  if (first === LEGACY_DOMAIN) remainder = rest;
  else if (first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()) {
    domain = first;
    remainder = rest;
  }
  if (domain === DEFAULT_DOMAIN && !remainder.includes('/')) remainder = OFFICIAL_PREFIX + remainder;
  return { domain, remainder };
}

/**
 * Reads a reference as typed.
 * @throws InvalidParameter `invalid reference format`, `invalid reference format: repository name (library/Foo) must be
 *   lowercase`, `invalid repository name (...), cannot specify 64-byte hexadecimal strings`,
 *   `repository name must not be more than 255 characters` or a digest error
 */
export function parseReference(text: string): Reference {
  if (IDENTIFIER.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text.length > MAX_INPUT) throw invalid('invalid reference format');
  const { domain, remainder } = splitDomain(text);
  const colon = remainder.indexOf(':');
  const remote = colon < 0 ? remainder : remainder.slice(0, colon);
  if (remote !== remote.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (!match) throw invalid('invalid reference format');
  const [, matchedDomain, path, tag, digest] = match as unknown as [string, string, string, string?, string?];
  if (path.length > MAX_PATH) throw invalid(`repository name must not be more than ${MAX_PATH} characters`);
  if (digest !== undefined) parseDigest(digest);
  return {
    domain: matchedDomain,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** Adds `latest` when there is neither tag nor digest. */
export function withDefaultTag(ref: Reference): Reference {
  return ref.tag === undefined && ref.digest === undefined ? { ...ref, tag: 'latest' } : ref;
}

/** True for a tag the grammar allows. */
export function isTag(tag: string): boolean {
  return TAG_ONLY.test(tag);
}

/** @throws InvalidParameter `invalid tag format` */
export function withTag(ref: Reference, tag: string): Reference {
  if (!isTag(tag)) throw invalid('invalid tag format');
  return { domain: ref.domain, path: ref.path, tag };
}

/** The complete name: `docker.io/library/ubuntu`. */
export function nameOf(ref: Pick<Reference, 'domain' | 'path'>): string {
  return `${ref.domain}/${ref.path}`;
}

/** The complete reference: `docker.io/library/ubuntu:24.04`. */
export function referenceString(ref: Reference): string {
  return nameOf(ref) + suffixOf(ref);
}

/** The name people type: `ubuntu`, `user/app`, `host:5000/app`. */
export function familiarName(ref: Pick<Reference, 'domain' | 'path'>): string {
  if (ref.domain !== DEFAULT_DOMAIN) return nameOf(ref);
  const parts = ref.path.split('/');
  return parts.length === 2 && parts[0] === 'library' ? (parts[1] as string) : ref.path;
}

/** The reference people type: `ubuntu:24.04`, `ubuntu@sha256:...`. */
export function familiarString(ref: Reference): string {
  return familiarName(ref) + suffixOf(ref);
}

function suffixOf(ref: Reference): string {
  return (ref.tag === undefined ? '' : `:${ref.tag}`) + (ref.digest === undefined ? '' : `@${ref.digest}`);
}

/** What a user may name an image by: a name, a complete digest, or 64 hex digits (read as a digest). */
export type AnyReference = { kind: 'named'; reference: Reference } | { kind: 'digest'; digest: Digest };

/** @throws InvalidParameter as parseReference */
export function parseAnyReference(text: string): AnyReference {
  if (IDENTIFIER.test(text)) return { kind: 'digest', digest: `sha256:${text}` };
  if (/^sha(?:256:[a-f0-9]{64}|384:[a-f0-9]{96}|512:[a-f0-9]{128})$/.test(text))
    return { kind: 'digest', digest: text };
  return { kind: 'named', reference: parseReference(text) };
}

/**
 * Whether a `reference` filter takes this one: the pattern (`*` and `?` stop at slashes, `[a-z]` classes) against
 * the familiar name with and without tag.
 * @throws InvalidParameter `syntax error in pattern`
 */
export function familiarMatch(pattern: string, ref: Reference): boolean {
  const matcher = globToRegExp(pattern);
  return matcher.test(familiarString(ref)) || matcher.test(familiarName(ref));
}

/** Go's path.Match as a regular expression. */
function globToRegExp(pattern: string): RegExp {
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '*') {
      // Runs of stars mean one: keeps the expression linear.
      if (pattern[i - 1] !== '*' || pattern[i - 2] === '\\') out += '[^/]*';
    } else if (c === '?') out += '[^/]';
    else if (c === '[') {
      const end = classEnd(pattern, i);
      const body = pattern.slice(i + 1, end);
      out += `[${body.replace(/[\]\\[]/g, '\\$&')}]`;
      i = end;
    } else if (c === '\\') {
      i++;
      if (i >= pattern.length) throw invalid('syntax error in pattern');
      out += escapeRegExp(pattern[i] as string);
    } else out += escapeRegExp(c);
  }
  try {
    return new RegExp(`^${out}$`);
  } catch {
    throw invalid('syntax error in pattern');
  }
}

function classEnd(pattern: string, start: number): number {
  const first = pattern[start + 1] === '^' ? start + 2 : start + 1;
  const end = pattern.indexOf(']', first);
  if (end <= first) throw invalid('syntax error in pattern');
  return end;
}

function escapeRegExp(c: string): string {
  return c.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
