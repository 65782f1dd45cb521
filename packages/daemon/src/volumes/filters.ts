/** Filters of volume list and prune. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { VolumeRecord } from './volume-record.ts';

export interface VolumeFilters {
  dangling?: boolean;
  drivers: string[];
  names: string[];
  labels: (labels: Record<string, string>) => boolean;
}

export interface PruneFilters {
  /** Named volumes too, not only anonymous ones. */
  all: boolean;
  labels: (labels: Record<string, string>) => boolean;
}

/** @throws InvalidParameter `invalid filter 'x'` */
export function volumeFilters(filters: Record<string, string[]>): VolumeFilters {
  refuseUnknown(filters, ['dangling', 'driver', 'label', 'name']);
  const dangling = flag(filters, 'dangling');
  return {
    drivers: filters['driver'] ?? [],
    names: filters['name'] ?? [],
    labels: labelMatcher(filters),
    ...(dangling === undefined ? {} : { dangling }),
  };
}

/** @throws InvalidParameter */
export function pruneFilters(filters: Record<string, string[]>): PruneFilters {
  refuseUnknown(filters, ['all', 'label', 'label!']);
  return { all: flag(filters, 'all') ?? false, labels: labelMatcher(filters) };
}

/** A name matches by any part of it; several values of one key mean any, labels mean all. */
export function matchesFilters(wanted: VolumeFilters, record: VolumeRecord, inUse: boolean): boolean {
  if (wanted.dangling !== undefined && wanted.dangling === inUse) return false;
  if (wanted.drivers.length > 0 && !wanted.drivers.includes('local')) return false;
  if (wanted.names.length > 0 && !wanted.names.some((part) => record.name.includes(part))) return false;
  return wanted.labels(record.labels);
}

function labelMatcher(filters: Record<string, string[]>): (labels: Record<string, string>) => boolean {
  const has = (labels: Record<string, string>, wanted: string) => {
    const cut = wanted.indexOf('=');
    return cut < 0 ? wanted in labels : labels[wanted.slice(0, cut)] === wanted.slice(cut + 1);
  };
  return (labels) =>
    (filters['label'] ?? []).every((wanted) => has(labels, wanted)) &&
    !(filters['label!'] ?? []).some((unwanted) => has(labels, unwanted));
}

function flag(filters: Record<string, string[]>, name: string): boolean | undefined {
  const values = filters[name];
  if (!values?.length) return undefined;
  const value = values[0]!.toLowerCase();
  if (values.length === 1 && ['1', 't', 'true'].includes(value)) return true;
  if (values.length === 1 && ['0', 'f', 'false'].includes(value)) return false;
  throw new DockerError('InvalidParameter', `invalid filter '${name}=[${values.join(' ')}]'`);
}

function refuseUnknown(filters: Record<string, string[]>, known: readonly string[]): void {
  for (const name of Object.keys(filters)) {
    if (!known.includes(name)) throw new DockerError('InvalidParameter', `invalid filter '${name}'`);
  }
}
