/** Media types of images. @see OCI image-spec media-types.md, distribution "Image Manifest V 2, Schema 2" */

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
const SCHEMA1 = [
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
];

/** Sent as Accept; schema 1 is left out so that registries do not convert to it. */
export const ACCEPTED_MANIFESTS: readonly string[] = [DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX];

/** The limit registries keep, too. */
export const MAX_MANIFEST_BYTES = 4 << 20;

export const isIndexType = (type: string): boolean => type === OCI_INDEX || type === DOCKER_LIST;
export const isManifestType = (type: string): boolean => type === OCI_MANIFEST || type === DOCKER_MANIFEST;
export const isSchema1Type = (type: string): boolean => SCHEMA1.includes(type);
export const isConfigType = (type: string): boolean => type === OCI_CONFIG || type === DOCKER_CONFIG;

const LAYER = new RegExp(
  '^application/vnd\\.(?:oci\\.image\\.layer(?:\\.nondistributable)?\\.v1\\.tar(?:\\+(?:gzip|zstd))?' +
    '|docker\\.image\\.rootfs(?:\\.foreign)?\\.diff\\.tar(?:\\.(?:gzip|zstd))?)$',
);

/** A file-system layer, compressed or not. What compression it has is told by its bytes. */
export const isLayerType = (type: string): boolean => LAYER.test(type);
