/** A unix datagram socket as syslog and the journal have it, which node cannot bind: a Python program holds it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface DatagramReceiver {
  /** What was received so far; of a message with a file, the file's bytes. */
  readonly messages: { data: Buffer; inFile: boolean }[];
  /** Begins to read: until then the kernel's queue is all the room there is. */
  read(): void;
  close(): Promise<void>;
}

const SCRIPT = `
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
sys.stdin.readline()
while True:
    data, control, _, _ = s.recvmsg(1 << 20, socket.CMSG_SPACE(4))
    fds = array.array('i')
    for level, kind, rights in control:
        fds.frombytes(rights[:4])
    for fd in fds:
        data = os.pread(fd, 1 << 26, 0)
        os.close(fd)
    print(len(fds), data.hex(), flush=True)
`;

export async function startDatagramReceiver(path: string): Promise<DatagramReceiver> {
  const child = spawn('python3', ['-c', SCRIPT, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const messages: DatagramReceiver['messages'] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => {
    const [fds, hex = ''] = line.split(' ');
    messages.push({ data: Buffer.from(hex, 'hex'), inFile: fds === '1' });
  });
  return {
    messages,
    read: () => child.stdin.write('\n'),
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
