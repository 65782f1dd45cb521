import { arch } from 'node:os';

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
/** Other names of architectures, with the variant they imply. */
const ALIASES: Readonly<Record<string, string>> = {
  i386: '386',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm/v7',
  armel: 'arm/v6',
};
const COMPONENT = /^[A-Za-z0-9_.-]+$/;

/**
 * `os[/arch[/variant]]` or `arch`, in the form the API takes: other names of an architecture replaced, the variant left
 * out where it is the usual one.
 * @throws Docker's words for a component with odd characters or a lone word that is neither system nor architecture
 */
export function normalizePlatform(text: string): string {
  const parts = splitAtMost(text, 3);
  for (const part of parts) if (!COMPONENT.test(part)) throw invalidComponent(part, text);
  const [first = '', second, third] = parts.map((part) => part.toLowerCase());
  if (second !== undefined) return [systemName(first), architecture(second, third)].join('/');
  if (SYSTEMS.has(systemName(first)))
    return `${systemName(first)}/${architecture(arch() === 'x64' ? 'amd64' : arch())}`;
  const normalized = architecture(first);
  if (ARCHITECTURES.has(normalized.split('/')[0]!)) return `linux/${normalized}`;
  throw new Error(
    `error parsing specified platform: "${text}": unknown operating system or architecture: invalid argument`,
  );
}

/** The last piece keeps further slashes, so that it is refused as a whole. */
function splitAtMost(text: string, count: number): string[] {
  const parts = text.split('/');
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join('/')];
}

function invalidComponent(part: string, text: string): Error {
  return new Error(
    `error parsing specified platform: "${part}" is an invalid component of "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
  );
}

function systemName(name: string): string {
  return name === 'macos' ? 'darwin' : name;
}

function architecture(name: string, variant?: string): string {
  const [base = '', implied] = (Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name).split('/');
  const shown = usualVariant(base, variant ?? implied ?? '');
  return shown === '' ? base : `${base}/${shown}`;
}

function usualVariant(base: string, variant: string): string {
  const version = /^\d+$/.test(variant) && base.startsWith('arm') ? `v${variant}` : variant;
  if (base === 'arm') return version === '' ? 'v7' : version;
  if (base === 'arm64') return version === 'v8' ? '' : version;
  return base === 'amd64' && version === 'v1' ? '' : version;
}
