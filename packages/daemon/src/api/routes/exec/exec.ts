/** Execs: made on a container, then started and looked at by their own id. */
import { DockerError } from '@tsdocker/shared/errors.ts';
import type { ExecConfig, ExecStartConfig } from '@tsdocker/shared/types/exec.ts';
import type { ContainerService } from '../../../containers/service.types.ts';
import { hijackedSession, hijackedStreams } from '../../hijacked-session.ts';
import { consoleSize, terminalSize } from '../../request/terminal-size.ts';
import type { Handler } from '../../router.ts';
import { execCreateRequest, execStartRequest } from '../container/shapes.ts';

type Containers<K extends keyof ContainerService> = Pick<ContainerService, K>;

export const postContainersExec =
  (containers: Containers<'execCreate'>): Handler =>
  async (ctx) => {
    const config = (await ctx.body<ExecConfig>(execCreateRequest)) ?? {};
    if (!config.Cmd || config.Cmd.length === 0) throw new DockerError('InvalidParameter', 'No exec command specified');
    consoleSize(config.ConsoleSize);
    ctx.json(201, { Id: await containers.execCreate(ctx.param('id'), config) });
  };

export const postExecStart =
  (containers: Containers<'execStart' | 'execInspect'>): Handler =>
  async (ctx) => {
    const config = (await ctx.body<ExecStartConfig>(execStartRequest)) ?? {};
    const size = consoleSize(config.ConsoleSize);
    const options = { tty: config.Tty ?? false, ...(size && { consoleSize: size }) };
    if (config.Detach) {
      await containers.execStart(ctx.param('id'), options, undefined);
      ctx.empty(200);
      return;
    }
    const exec = await containers.execInspect(ctx.param('id'));
    const detachKeys = exec.DetachKeys;
    await hijackedSession(ctx, hijackedStreams(ctx, { stdin: exec.OpenStdin }), (open) =>
      containers.execStart(ctx.param('id'), { ...options, ...(detachKeys && { detachKeys }) }, open),
    );
  };

export const postExecResize =
  (containers: Containers<'execResize'>): Handler =>
  async (ctx) => {
    await containers.execResize(ctx.param('id'), terminalSize(ctx.query));
    ctx.empty(200);
  };

export const getExec =
  (containers: Containers<'execInspect'>): Handler =>
  async (ctx) => {
    ctx.json(200, await containers.execInspect(ctx.param('id')));
  };
