/** Where unpacked layers live and containers' root file systems are put on top of them. One implementation: overlay.ts. */
import type { Digest } from '@tsdocker/shared/digest.ts';
import type { Rootfs } from '../runtime/runtime.ts';

/** A layer as it stands unpacked. */
export interface UnpackedLayer {
  diffId: Digest;
  /** Content bytes, as Docker counts a layer. */
  sizeBytes: number;
  /** The archive has an entry for the root directory, whose owner and mode count then. */
  hasRoot: boolean;
}

/** A layer that is complete but has no name yet. */
export interface FinishedLayer extends UnpackedLayer {
  /** Puts it in its place; an identical one that is there already stays. */
  publish(chainId: Digest): Promise<void>;
}

/** A layer being unpacked into a directory nobody sees yet. `commit`, `finish` and its `publish`, or `abort` end it. */
export interface LayerWriter {
  /** Takes the uncompressed tar. Resolves when the bytes are taken. @throws the unpacker's message, System */
  write(chunk: Buffer): Promise<void>;
  /** Ends the tar and waits for the unpacker. @throws System when the content is no layer */
  finish(): Promise<FinishedLayer>;
  /** The same for a layer whose ids are known. @throws System also when it is another one than `diffId` */
  commit(chainId: Digest, diffId: Digest): Promise<UnpackedLayer>;
  abort(): Promise<void>;
}

/** Facts a container's root file system needs. */
export interface RootfsRequest {
  containerId: string;
  imageId: Digest;
  /** Chain ids, base first, with what is known of each layer. */
  layers: { chainId: Digest; hasRoot: boolean }[];
  volatile: boolean;
}

/** What a container's directory says about itself. */
export interface RootfsRecord {
  imageId: Digest;
  chainIds: Digest[];
}

export interface Snapshotter {
  readonly name: string;
  status(): Promise<[string, string][]>;
  writeLayer(): Promise<LayerWriter>;
  hasLayer(chainId: Digest): Promise<boolean>;
  /** Content of the image's layers, for inspect's GraphDriver. */
  graphData(chainIds: Digest[]): Record<string, string>;
  /** Moves the layer away; the deletion is in the background. */
  removeLayer(chainId: Digest): Promise<void>;
  listLayers(): Promise<Digest[]>;
  /** Makes everything written so far survive a crash of the machine. */
  sync(): Promise<void>;
  createRootfs(request: RootfsRequest): Promise<Rootfs>;
  rootfsOf(containerId: string): Promise<Rootfs>;
  rootfsBytes(containerId: string): Promise<number>;
  recordOf(containerId: string): Promise<RootfsRecord>;
  removeRootfs(containerId: string): Promise<void>;
  /** Ids of all containers with a directory here. */
  listRootfs(): Promise<string[]>;
  /** Waits for background deletions. */
  close(): Promise<void>;
}
