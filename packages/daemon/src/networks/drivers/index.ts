/** The network drivers there are; a new one is a file here and a row. */
import type { DriverName } from '../store.ts';

export interface Driver {
  name: DriverName;
  /** Containers get a namespace and an endpoint of their own. host and none are carried out by the runtime alone. */
  endpoints: boolean;
  /** Users may create networks with it. */
  creatable: boolean;
}

export const DRIVERS: readonly Driver[] = [
  { name: 'bridge', endpoints: true, creatable: true },
  { name: 'host', endpoints: false, creatable: false },
  { name: 'null', endpoints: false, creatable: false },
];

export function driverOf(name: DriverName): Driver {
  return DRIVERS.find((driver) => driver.name === name)!;
}
