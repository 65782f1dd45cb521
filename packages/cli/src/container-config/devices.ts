/** Devices of the host, by path, by name, by driver. */
import type { HostConfig } from '@tsdocker/shared/types/container.ts';
import type { FlagSpec, Flags } from '../command.ts';
import { checkDeviceCgroupRule, isCdiDevice, parseDevice } from '../flags/device.ts';
import { type ParsedDeviceRequest, parseGpus } from '../flags/gpus.ts';
import { withoutEmpty } from './areas.ts';

export const deviceFlags: FlagSpec[] = [
  { name: 'device', kind: 'list', description: 'Add a host device to the container' },
  {
    name: 'device-cgroup-rule',
    kind: 'list',
    description: 'Add a rule to the cgroup allowed devices list',
    parse: checkDeviceCgroupRule,
  },
  {
    name: 'gpus',
    kind: 'list',
    valueName: 'gpu-request',
    since: '1.40',
    description: "GPU devices to add to the container ('all' to pass all GPUs)",
    parse: parseGpus,
  },
];

/** @throws Docker's words for a bad device */
export function toDevices(flags: Flags): Partial<HostConfig> {
  const devices = flags.list('device');
  const named = devices.filter(isCdiDevice);
  const requests: Partial<ParsedDeviceRequest>[] = flags.list('gpus').map(parseGpus);
  if (named.length > 0) requests.push({ Driver: 'cdi', DeviceIDs: named });
  return withoutEmpty({
    Devices: devices.filter((device) => !isCdiDevice(device)).map(parseDevice),
    DeviceCgroupRules: flags.list('device-cgroup-rule'),
    DeviceRequests: requests,
  });
}
