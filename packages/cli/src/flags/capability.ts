/** --cap-add and --cap-drop as the API wants them: upper case with the CAP_ prefix, sorted, each once. */
export function toCapabilities(names: readonly string[]): string[] {
  return [...new Set(names.map(capabilityName))].sort();
}

function capabilityName(text: string): string {
  const upper = text.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}
