/** wireguard-go, configured over its own control socket (the cross-platform user-space API), so that `wg` is not needed. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Namespace } from '../../../test/peers/namespaces.ts';
import type { Running } from '../../../test/peers/process.ts';
import { until } from '../../../test/peers/until.ts';
import { type Network, OUTER } from '../network.ts';
import type { Started, Subject } from '../subject.ts';

const LINK = 'wg0';
const PORT = 51_820;
/** Of the last 32 bytes of their encodings, keys are (RFC 8410 section 4). */
const KEY = 32;

/** `program` is where the binary is. */
export function wireguard(program: string | (() => Promise<string>)): Subject {
  return {
    name: 'wireguard-go',
    title: 'wireguard-go 0.0.20231211',
    suites: ['aes-256-gcm'],
    isAttacked: false,
    start: async (network) => start(network, typeof program === 'string' ? program : await program()),
  };
}

async function start({ gateways }: Network, program: string): Promise<Started> {
  const keys = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')] as const;
  const running: Running[] = [];
  for (const i of [0, 1] as const) {
    const [at, other] = [gateways[i], i === 0 ? 1 : 0] as const;
    const daemon = await spawn(at, program);
    running.push(daemon.running);
    await configure(daemon.socket, [
      `private_key=${raw(keys[i].privateKey)}`,
      `listen_port=${PORT}`,
      'replace_peers=true',
      `public_key=${raw(keys[other].publicKey)}`,
      `endpoint=${OUTER[other]}:${PORT}`,
      `allowed_ip=10.${other + 1}.0.0/24`,
    ]);
    await at.ip(`link set ${LINK} up`);
    await at.ip(`route add 10.${other + 1}.0.0/24 dev ${LINK}`);
  }
  return {
    pids: running.map(({ child }) => child.pid ?? 0),
    runs: () => running.every((one) => one.runs()) || true,
    notes: ['ChaCha20-Poly1305, the only cipher that it has'],
    log: () => running.map(({ output }) => output).join(''),
  };
}

/** Its socket is always below /var/run: in the mount namespace that `ip netns exec` makes, that is a folder of ours. */
async function spawn(at: Namespace, program: string): Promise<Readonly<{ running: Running; socket: string }>> {
  const folder = join(at.folder, 'run');
  mkdirSync(folder);
  const script = 'mount --bind "$1" /run && exec env WG_PROCESS_FOREGROUND=1 "$2" -f "$3"';
  const running = at.spawn('sh', ['-c', script, 'sh', folder, program, LINK]);
  const socket = join(folder, `wireguard/${LINK}.sock`);
  await until('wireguard-go starts', () => running.runs() && existsSync(socket));
  return { running, socket };
}

async function configure(path: string, lines: readonly string[]): Promise<void> {
  const socket = connect(path);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  await once(socket, 'connect');
  socket.write(`set=1\n${lines.join('\n')}\n\n`);
  await until('wireguard-go answers', () => answer.includes('\n\n'));
  socket.destroy();
  if (!answer.startsWith('errno=0\n')) throw new Error(`wireguard-go refuses its configuration: ${answer}`);
}

function raw(key: KeyObject): string {
  const der = key.export(key.type === 'private' ? { type: 'pkcs8', format: 'der' } : { type: 'spki', format: 'der' });
  return der.subarray(-KEY).toString('hex');
}
