import { parseCsvRecord } from './csv.ts';
import { cut } from './go-number.ts';
import { toMap } from './label.ts';

/** A request for devices that a driver finds, as ContainerCreate takes it. */
export interface ParsedDeviceRequest {
  Driver?: string;
  /** -1 = all. */
  Count?: number;
  DeviceIDs?: string[];
  Capabilities: string[][];
  Options: Record<string, string>;
}

/** --gpus: `all`, a number, or `key=value` fields (driver, count, device, capabilities, options), comma separated. */
export function parseGpus(text: string): ParsedDeviceRequest {
  const request: ParsedDeviceRequest = { Capabilities: [['gpu']], Options: {} };
  const seen = new Set<string>();
  for (const field of parseCsvRecord(text)) {
    const { before: key, after: value, found } = cut(field, '=');
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (!found) {
      seen.add('count');
      request.Count = parseCount(key);
    } else setField(request, key, value, field);
  }
  if (!seen.has('count') && !request.DeviceIDs) request.Count = 1;
  return request;
}

function setField(request: ParsedDeviceRequest, key: string, value: string, field: string): void {
  switch (key) {
    case 'driver':
      request.Driver = value;
      break;
    case 'count':
      request.Count = parseCount(value);
      break;
    case 'device':
      request.DeviceIDs = value.split(',');
      break;
    case 'capabilities':
      request.Capabilities = [[...value.split(','), 'gpu']];
      break;
    case 'options':
      request.Options = toMap(parseOptions(value));
      break;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function parseOptions(value: string): string[] {
  try {
    return parseCsvRecord(value);
  } catch (err) {
    throw new Error(`failed to read gpu options: ${(err as Error).message}`);
  }
}

function parseCount(text: string): number {
  if (text === 'all') return -1;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  }
  return Number(text);
}
