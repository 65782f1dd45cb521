/** Everything there is to compare about a tree of files, as text: one line an entry, in order. */
import assert from 'node:assert/strict';
import { runProgram } from './program.ts';

/** Python has extended attributes, which node has not. Hard links stand by the first name of their file. */
const SCRIPT = `
import hashlib, os, stat, sys
root = os.fsencode(sys.argv[1])
first = {}
def show(path):
    full = os.path.join(root, path)
    st = os.lstat(full)
    link = first.setdefault((st.st_dev, st.st_ino), path)
    kind = stat.S_IFMT(st.st_mode)
    content = b''
    if stat.S_ISLNK(st.st_mode): content = os.readlink(full)
    elif stat.S_ISREG(st.st_mode) and link == path:
        with open(full, 'rb') as f: content = hashlib.sha256(f.read()).hexdigest().encode()
    attributes = sorted((n, os.getxattr(full, n, follow_symlinks=False).hex()) for n in os.listxattr(full, follow_symlinks=False))
    size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
    print(path, oct(st.st_mode), st.st_uid, st.st_gid, st.st_rdev, size, st.st_mtime_ns, link if link != path else '', content, attributes)
    if stat.S_ISDIR(st.st_mode):
        for name in sorted(os.listdir(full)): show(os.path.join(path, name))
show(b'')
`;

export async function treeListing(root: string): Promise<string[]> {
  const { code, stdout, stderr } = await runProgram('python3', ['-c', SCRIPT, root], { timeoutMs: 120_000 });
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split('\n');
}
