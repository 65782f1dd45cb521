/** What a log driver is told of a container. */
import type { LogInfo } from '../../packages/daemon/src/logging/log-info.ts';

export const LOG_INFO: LogInfo = {
  id: '0123456789abcdef'.repeat(4),
  name: 'web',
  imageId: 'sha256:ab',
  imageName: 'base:test',
  path: 'sh',
  args: [],
  created: '',
  env: [],
  labels: {},
};
