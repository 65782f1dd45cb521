/** What the API and the container domain ask of images. Implemented by images/service.ts. */
import type { AuthConfig } from '@tsdocker/shared/types/auth.ts';
import type {
  ImageConfig,
  ImageDeleteResponseItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@tsdocker/shared/types/image.ts';
import type { Rootfs } from '../runtime/runtime.ts';

/** `linux/amd64`, `linux/arm64/v8`. */
export type PlatformString = string;

/** An image as containers need it. */
export interface ResolvedImage {
  /** `sha256:...`, the digest of the image configuration. */
  id: string;
  config: ImageConfig;
  os: string;
  architecture: string;
  /** diffIDs, base first. */
  diffIds: string[];
}

export type ProgressSink = (message: ProgressMessage) => void;

export interface PullOptions {
  /** Undefined: the host's. */
  platform?: PlatformString;
  auth?: AuthConfig;
  progress: ProgressSink;
  signal?: AbortSignal;
  /** All tags of the repository. */
  allTags?: boolean;
}

export interface PushOptions {
  auth?: AuthConfig;
  progress: ProgressSink;
  signal?: AbortSignal;
  /** All tags of the repository. */
  allTags?: boolean;
  /** Undefined: all platforms when all are here, else the one that the name stands for first. */
  platform?: PlatformString;
}

/** What becomes an image: the container's changes on top of its image. */
export interface CommitOptions {
  containerId: string;
  /** The container's image. */
  imageId: string;
  /** Of the new image, before `changes`. */
  config: ImageConfig;
  /** Dockerfile instructions. */
  changes: string[];
  /** Repository and tag, as typed. */
  ref?: string;
  author?: string;
  comment?: string;
  /** For the history: the container's command. */
  createdBy: string;
}

export interface ImageService {
  /** @param ref as typed: `ubuntu`, `host:5000/a/b:tag`, `x@sha256:...`  @throws NotFound, Unauthorized, InvalidParameter, System */
  pull(ref: string, opts: PullOptions): Promise<void>;
  /** @param ref with a tag, or without for `latest` @throws NotFound, Unauthorized, InvalidParameter, System */
  push(ref: string, opts: PushOptions): Promise<void>;
  /** Reads a docker-save or OCI archive, plain, gzip or zstd. Progress and `Loaded image: x` lines go to the sink. */
  load(
    archive: AsyncIterable<Buffer>,
    opts: { quiet: boolean; progress: ProgressSink; platforms?: readonly PlatformString[]; signal?: AbortSignal },
  ): Promise<void>;
  /**
   * Writes images as one archive, an OCI layout that docker's older readers take, too. Without platforms all that are here.
   * @param write false: nobody takes more
   * @throws NotFound, InvalidParameter before the first byte
   */
  save(
    refs: readonly string[],
    opts: { platforms?: readonly PlatformString[] },
    write: (chunk: Buffer) => Promise<boolean>,
  ): Promise<void>;
  /** Makes an image of one file-system tar. @returns the image id */
  import(
    archive: AsyncIterable<Buffer>,
    opts: {
      ref?: string;
      message?: string;
      changes: string[];
      platform?: PlatformString;
      progress: ProgressSink;
      signal?: AbortSignal;
    },
  ): Promise<string>;
  /** The caller sees to it that the container changes nothing meanwhile. @returns the image id */
  commit(opts: CommitOptions): Promise<string>;
  list(opts: {
    all: boolean;
    filters: Record<string, string[]>;
    digests?: boolean;
    sharedSize?: boolean;
    manifests?: boolean;
  }): Promise<ImageSummary[]>;
  /** @throws NotFound also when there is none of the platform */
  inspect(ref: string, opts?: { platform?: PlatformString; manifests?: boolean }): Promise<ImageInspect>;
  /** @throws as inspect */
  history(ref: string, opts?: { platform?: PlatformString }): Promise<ImageHistoryItem[]>;
  tag(ref: string, repository: string, tag: string | undefined): Promise<void>;
  /** Untags, and deletes what nothing names any more. @throws Conflict with Docker's words when containers use it */
  remove(
    ref: string,
    opts: {
      force: boolean;
      noPrune: boolean;
      /** Only these of the name's images. */
      platforms?: readonly PlatformString[];
    },
  ): Promise<ImageDeleteResponseItem[]>;
  prune(opts: {
    filters: Record<string, string[]>;
  }): Promise<{ deleted: ImageDeleteResponseItem[]; reclaimedBytes: number }>;
  /** @param ref name, id or id prefix @throws NotFound `No such image: x:latest` */
  resolve(ref: string, opts?: { platform?: PlatformString }): Promise<ResolvedImage>;
  /** Bytes of all images on disk, and of what no container uses; what several images have counts once. */
  diskUsage(): Promise<{ totalBytes: number; reclaimableBytes: number }>;
  /** Whether a name, as typed, stands for this image now. */
  means(ref: string, imageId: string): boolean;
  /** Number of images, for info. */
  count(): number;
  /** Makes the directories a container's root file system is mounted from, on top of the image's layers and its init layer. */
  prepareRootfs(containerId: string, imageId: string, opts: { volatile: boolean }): Promise<Rootfs>;
  /** The same directories again, after a restart of the daemon. */
  rootfsOf(containerId: string): Promise<Rootfs>;
  /** Returns at once; the tree is moved away atomically and deleted in the background. */
  removeRootfs(containerId: string): Promise<void>;
  /**
   * Removes the root file systems of all other containers: what a crash between making one and storing its container
   * left behind. Called once, after the containers are read.
   */
  keepRootfs(containerIds: ReadonlySet<string>): Promise<void>;
  /** Sizes for `ps -s` and inspect: the container's own bytes, and with the image's. */
  rootfsUsage(containerId: string): Promise<{ rwBytes: number; totalBytes: number }>;
  /** Name and facts of the storage driver, for info. */
  readonly driver: { name: string; status: [string, string][] };
  /** Waits for background deletions and closes what is open. */
  close(): Promise<void>;
}

/** Who uses an image; the container domain implements it. */
export interface ImageUsers {
  containersOf(imageId: string): { id: string; running: boolean }[];
}
