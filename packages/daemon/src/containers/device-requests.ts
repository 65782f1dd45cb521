/** Devices by driver and capability (`--gpus`): no driver is built in, so what asks for one cannot start. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import { system } from './errors.ts';

/** @throws System in Docker's words for a host without such a driver */
export function checkDeviceRequests(requests: NonNullable<HostConfig['DeviceRequests']>): void {
  for (const { Driver = '', Capabilities } of requests) {
    const wanted = (Capabilities ?? []).map((all) => `[${all.join(' ')}]`).join(' ');
    throw system(`could not select device driver ${JSON.stringify(Driver)} with capabilities: [${wanted}]`);
  }
}
