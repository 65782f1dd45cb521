import { hostPlatform, normaliseArchitecture } from '@tsdocker/shared/platform.ts';

const SYSTEMS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
);
const ARCHITECTURES = new Set(
  '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  ),
);
const COMPONENT = /^[A-Za-z0-9_.-]+$/;

/**
 * `os[/arch[/variant]]`, or an architecture alone, in the form that the API takes: other names of an architecture replaced,
 * its usual variant neither added nor, where it was typed, taken away.
 * @throws docker's words for a component with odd characters or a lone word that is neither system nor architecture
 */
export function normalizePlatform(text: string): string {
  const parts = splitAtMost(text, 4);
  for (const part of parts) {
    if (!COMPONENT.test(part)) {
      const rule = 'platform specifier component must match "^[A-Za-z0-9_.-]+$"';
      throw invalid(`"${part}" is an invalid component of "${text}": ${rule}`);
    }
  }
  const [first = '', second, third, fourth] = parts;
  if (fourth !== undefined) throw invalid(`"${text}": cannot parse platform specifier`);
  const system = systemName(first);
  if (second !== undefined) return `${system}/${architectureOf(second, third)}`;
  if (SYSTEMS.has(system)) return `${system}/${hostPlatform().architecture}`;
  const { architecture } = normaliseArchitecture(first);
  if (!ARCHITECTURES.has(architecture)) throw invalid(`"${text}": unknown operating system or architecture`);
  return `linux/${architectureOf(first, undefined)}`;
}

/** The last piece keeps the slashes that are left, so that it is refused as a whole. */
function splitAtMost(text: string, count: number): string[] {
  const parts = text.split('/');
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join('/')];
}

function invalid(what: string): Error {
  return new Error(`error parsing specified platform: ${what}: invalid argument`);
}

function systemName(name: string): string {
  const lower = name.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function architectureOf(name: string, typed: string | undefined): string {
  const { architecture, variant = '' } = normaliseArchitecture(name, typed);
  const implied = architecture === 'arm' && variant === 'v7' && typed === undefined;
  const shown = architecture === 'arm64' && typed !== undefined && variant === '' ? 'v8' : variant;
  return implied || shown === '' ? architecture : `${architecture}/${shown}`;
}
