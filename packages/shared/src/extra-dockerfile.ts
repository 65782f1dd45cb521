/** A Dockerfile that is not of its context (`-f -`, `-f ../elsewhere`) travels in it under a name nobody has. */

/** @param unique a number that the next one will not have, say a process id; @param now milliseconds */
export const extraDockerfileName = (unique: number, now: number): string => `.dockerfile.${unique}.${now.toString(36)}`;

/** Such a file is no part of the context: COPY and mounts do not see it. */
export const isExtraDockerfile = (path: string): boolean => /^\.dockerfile\.\d+\.[0-9a-z]{8,}$/.test(path);
