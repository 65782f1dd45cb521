/** Where an engine's answers differ from the API's definition on purpose, and why. */
export interface AnswerException {
  /** `GET /containers/{id}/json`, or undefined for all. */
  operation?: string;
  at: RegExp;
  problem: RegExp;
  reason: string;
}

export const ANSWER_EXCEPTIONS: readonly AnswerException[] = [
  {
    at: /^HostConfig\.(Binds|CapAdd|CapDrop|DeviceCgroupRules|DeviceRequests|Devices|ExtraHosts|GroupAdd|Links|MemorySwappiness|SecurityOpt|Ulimits|VolumesFrom)$/,
    problem: /^is null$/,
    reason: 'dockerd says null for what was never given, and clients tell null from an empty list',
  },
  {
    at: /^Config\.(Cmd|Entrypoint|Env|ExposedPorts|OnBuild|Volumes)$/,
    problem: /^is null$/,
    reason: 'as above',
  },
  {
    at: /^(ContainersDeleted|ImagesDeleted|NetworksDeleted|VolumesDeleted|CachesDeleted)$/,
    problem: /^is null$/,
    reason: 'as above',
  },
  { operation: 'GET /exec/{id}/json', at: /^ExitCode$/, problem: /^is null$/, reason: 'as above, until it has ended' },
  {
    operation: 'GET /containers/{id}/changes',
    at: /^$/,
    problem: /^is null$/,
    reason: 'dockerd says null where nothing has changed',
  },
  { operation: 'GET /volumes', at: /^Warnings$/, problem: /^is null$/, reason: 'as above' },
  {
    at: /^NetworkSettings\.Networks\{\}\.(Aliases|DNSNames|Links)$/,
    problem: /^is null$/,
    reason: 'as above',
  },
  {
    at: /^(\[\]\.)?IPAM\.(Options|Config)$/,
    problem: /^is null$/,
    reason: 'as above; host and none have no addresses',
  },
  {
    operation: 'GET /images/json',
    at: /^\[\]\.Labels$/,
    problem: /^is null$/,
    reason: 'dockerd says null for an image without labels',
  },
  {
    operation: 'GET /images/json',
    at: /^\[\]\.Manifests\[\]\.ImageData\.UnpackedSize$/,
    problem: /^is missing/,
    reason: 'the definition requires a member that it does not define; the size is in Size.Unpacked',
  },
  {
    operation: 'GET /images/{name+}/history',
    at: /^\[\]\.Tags$/,
    problem: /^is null$/,
    reason: 'dockerd says null for a step without a tag; docker history prints <missing> for it',
  },
];
