import { randomBytes } from 'node:crypto';
import type { VolumeService } from '../../packages/daemon/src/volumes/service.types.ts';
import { DockerError } from '../../packages/shared/src/errors.ts';
import type { Volume, VolumeCreateRequest } from '../../packages/shared/src/types/volume.ts';

/** Volumes in memory, with who uses them. */
export class FakeVolumes implements Pick<VolumeService, 'create' | 'inspect' | 'acquire' | 'release' | 'remove'> {
  readonly volumes = new Map<string, Volume>();
  readonly users = new Map<string, Set<string>>();
  /** Volumes that have content already. */
  readonly filled = new Set<string>();
  createFailure: Error | undefined;

  async create(req: VolumeCreateRequest): Promise<Volume> {
    if (this.createFailure) throw this.createFailure;
    const name = req.Name ?? randomBytes(32).toString('hex');
    const known = this.volumes.get(name);
    if (known) return known;
    const volume: Volume = {
      Name: name,
      Driver: req.Driver ?? 'local',
      Mountpoint: `/volumes/${name}/_data`,
      Labels: req.Labels ?? {},
      Scope: 'local',
      Options: req.DriverOpts ?? {},
    };
    this.volumes.set(name, volume);
    return volume;
  }
  async inspect(name: string): Promise<Volume> {
    const volume = this.volumes.get(name);
    if (!volume) throw new DockerError('NotFound', `get ${name}: no such volume`);
    return volume;
  }
  async acquire(name: string, id: string): Promise<{ mountpoint: string; empty: boolean }> {
    const volume = await this.inspect(name);
    this.users.set(name, (this.users.get(name) ?? new Set()).add(id));
    return { mountpoint: volume.Mountpoint, empty: !this.filled.has(name) };
  }
  async release(name: string, id: string): Promise<void> {
    this.users.get(name)?.delete(id);
  }
  async remove(name: string, opts: { force: boolean }): Promise<void> {
    const users = [...(this.users.get(name) ?? [])];
    if (users.length > 0) throw new DockerError('Conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`);
    if (!this.volumes.delete(name) && !opts.force) throw new DockerError('NotFound', `get ${name}: no such volume`);
  }
}
