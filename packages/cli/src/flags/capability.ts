/** --cap-add and --cap-drop as the API wants them: upper case with the CAP_ prefix, sorted, `ALL` standing alone. */
export function toCapabilities(add: readonly string[], drop: readonly string[]): { add: string[]; drop: string[] } {
  const adding = normalize(add);
  return { add: adding, drop: normalize(drop).filter((name) => !adding.includes(name)) };
}

function normalize(names: readonly string[]): string[] {
  const set = new Set(names.map(capabilityName));
  return set.has('ALL') ? ['ALL'] : [...set].sort();
}

function capabilityName(text: string): string {
  const upper = text.trim().toUpperCase();
  return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}
