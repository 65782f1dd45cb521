/**
 * Platforms, `os/arch[/variant]`: parse, print, normalise and match, as containers of OCI images name them.
 * @see OCI image-spec image-index.md, "platform"
 */
import { DockerError } from './errors.ts';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
  'os.version'?: string;
  'os.features'?: string[];
}

const PART = /^[A-Za-z0-9_.-]+$/;
const KNOWN_OS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
);
const KNOWN_ARCH = new Set(
  '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  ),
);

/** Names other systems use for an architecture, in OCI's words. */
export function normaliseArchitecture(architecture: string, variant = ''): { architecture: string; variant?: string } {
  const arch = architecture.toLowerCase();
  const v = variant.toLowerCase();
  const of = (a: string, x: string) => (x ? { architecture: a, variant: x } : { architecture: a });
  switch (arch) {
    case 'i386':
      return of('386', '');
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return of('amd64', v === 'v1' ? '' : v);
    case 'aarch64':
    case 'arm64':
      return of('arm64', v === '8' || v === 'v8' || v === 'v8.0' ? '' : v);
    case 'armhf':
      return of('arm', 'v7');
    case 'armel':
      return of('arm', 'v6');
    case 'arm':
      return of('arm', v === '' ? 'v7' : /^[5-8]$/.test(v) ? `v${v}` : v);
    default:
      return of(arch, v);
  }
}

function normaliseOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

/**
 * Reads `os`, `arch`, `os/arch` or `os/arch/variant`.
 * @throws InvalidParameter in Docker's words
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  if (parts.some((p) => !PART.test(p))) {
    const bad = parts.find((p) => !PART.test(p)) as string;
    throw invalid(
      `"${bad}" is an invalid component of "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+$"`,
    );
  }
  const [first, second, third] = parts as [string, string?, string?];
  if (parts.length === 1) return parseSingle(first, text, host);
  if (parts.length > 3) throw invalid(`"${text}": cannot parse platform specifier`);
  return { os: normaliseOs(first), ...normaliseArchitecture(second as string, third) };
}

function parseSingle(word: string, text: string, host: Platform): Platform {
  const os = normaliseOs(word);
  if (KNOWN_OS.has(os)) {
    return { os, architecture: host.architecture, ...(host.variant !== undefined && { variant: host.variant }) };
  }
  const arch = normaliseArchitecture(word);
  if (KNOWN_ARCH.has(arch.architecture)) return { os: host.os, ...arch };
  throw invalid(`"${text}": unknown operating system or architecture`);
}

function invalid(message: string): DockerError {
  return new DockerError('InvalidParameter', `invalid platform: ${message}`);
}

/** The platform this process runs on. */
export function hostPlatform(arch: string = process.arch): Platform {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', loong64: 'loong64' };
  return { os: 'linux', ...normaliseArchitecture(names[arch] ?? arch) };
}

/** `linux/amd64`, `linux/arm/v7`. */
export function platformString(p: Platform): string {
  return p.variant ? `${p.os}/${p.architecture}/${p.variant}` : `${p.os}/${p.architecture}`;
}

/** What a host of `wanted` can run, best first: arm/v7 also runs v6 and v5; amd64/v3 also v2 and v1; arm64 runs arm. */
function acceptable(wanted: Platform): Platform[] {
  const p = { os: normaliseOs(wanted.os), ...normaliseArchitecture(wanted.architecture, wanted.variant) };
  const list: Platform[] = [p];
  const level = /^v(\d+)$/.exec(p.variant ?? '')?.[1];
  const add = (architecture: string, variant?: string) =>
    list.push({ os: p.os, architecture, ...(variant !== undefined && { variant }) });
  if (p.architecture === 'amd64') {
    for (let v = Number(level ?? 1) - 1; v >= 2; v--) add('amd64', `v${v}`);
    if (level) add('amd64');
  } else if (p.architecture === 'arm64') {
    if (p.variant) add('arm64');
    for (const v of ['v8', 'v7', 'v6', 'v5']) add('arm', v);
  } else if (p.architecture === 'arm') {
    for (let v = Number(level ?? 7) - 1; v >= 5; v--) add('arm', `v${v}`);
  }
  return list;
}

/** How well `offered` serves `wanted`: 0 exactly, larger worse, undefined not at all. */
export function platformRank(wanted: Platform, offered: Platform): number | undefined {
  const o = { os: normaliseOs(offered.os), ...normaliseArchitecture(offered.architecture, offered.variant) };
  const index = acceptable(wanted).findIndex(
    (p) => p.os === o.os && p.architecture === o.architecture && (p.variant ?? '') === (o.variant ?? ''),
  );
  return index < 0 ? undefined : index;
}

/** The best of the offers, the first of equals. */
export function selectPlatform<T>(
  offers: readonly T[],
  platformOf: (offer: T) => Platform | undefined,
  wanted: Platform,
): T | undefined {
  let best: { offer: T; rank: number } | undefined;
  for (const offer of offers) {
    const platform = platformOf(offer);
    const rank = platform && platformRank(wanted, platform);
    if (rank !== undefined && (!best || rank < best.rank)) best = { offer, rank };
  }
  return best?.offer;
}
