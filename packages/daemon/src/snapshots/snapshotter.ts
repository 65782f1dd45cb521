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

/** A layer being unpacked into a directory nobody sees yet. Exactly one of `commit` and `abort` ends it. */
export interface LayerWriter {
  /** Takes the uncompressed tar. Resolves when the bytes are taken. @throws the unpacker's message, System */
  write(chunk: Buffer): Promise<void>;
  /**
   * Ends the tar, waits for the unpacker, checks the diffID and puts the layer in its place.
   * Undefined: not known beforehand; the chain id of a first layer is its diffID.
   * @throws System when the content is no layer or another one than `diffId`
   */
  commit(chainId: Digest | undefined, diffId: Digest | undefined): Promise<UnpackedLayer>;
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
