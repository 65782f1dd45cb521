/** What the API and the container domain ask of volumes. Implemented by volumes/service.ts. */
import type { Volume, VolumeCreateRequest } from '@tsdocker/shared/types/volume.ts';

export interface VolumeService {
  /** Creates or returns the one of that name. Without a name: 64 random hex digits and the label `com.docker.volume.anonymous`. */
  create(req: VolumeCreateRequest): Promise<Volume>;
  list(filters: Record<string, string[]>): Promise<{ volumes: Volume[]; warnings: string[] }>;
  inspect(name: string): Promise<Volume>;
  /** @throws NotFound `get x: no such volume`, Conflict `remove x: volume is in use - [ids]` */
  remove(name: string, opts: { force: boolean }): Promise<void>;
  prune(filters: Record<string, string[]>): Promise<{ deleted: string[]; reclaimedBytes: number }>;
  /** Marks a use; the mountpoint is what gets bound. */
  acquire(name: string, containerId: string): Promise<{ mountpoint: string; empty: boolean }>;
  release(name: string, containerId: string): Promise<void>;
}
