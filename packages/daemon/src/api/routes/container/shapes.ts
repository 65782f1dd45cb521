/** Bodies of the container and exec requests. */

import type { ObjectShape } from '../../request/shape.ts';
import { ContainerConfig, HostConfig, NetworkingConfig, Resources, RestartPolicy } from '../../request/shapes.gen.ts';

export const createRequest: ObjectShape = {
  struct: 'CreateRequest',
  fields: { ...ContainerConfig.fields, MacAddress: 'string', HostConfig, NetworkingConfig },
};

export const updateRequest: ObjectShape = {
  struct: 'UpdateConfig',
  fields: { ...Resources.fields, RestartPolicy },
};

export const execCreateRequest: ObjectShape = {
  struct: 'ExecCreateRequest',
  fields: {
    AttachStdin: 'bool',
    AttachStdout: 'bool',
    AttachStderr: 'bool',
    ConsoleSize: { list: 'int64' },
    DetachKeys: 'string',
    Tty: 'bool',
    Env: { list: 'string' },
    Cmd: 'strslice',
    Privileged: 'bool',
    User: 'string',
    WorkingDir: 'string',
  },
};

export const execStartRequest: ObjectShape = {
  struct: 'ExecStartRequest',
  fields: { Detach: 'bool', Tty: 'bool', ConsoleSize: { list: 'int64' } },
};
