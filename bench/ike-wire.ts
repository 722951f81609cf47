/**
 * Set-ups on the wire: one responder, ours or strongSwan, in a network namespace, and strongSwan with many connections in
 * another as all the initiators. Both responders meet the same initiators with the same proposals; runs alternate.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Namespace, Namespaces } from '../test/peers/namespaces.ts';
import type { Running } from '../test/peers/process.ts';
import { StrongSwan } from '../test/peers/strongswan.ts';
import { until } from '../test/peers/until.ts';
import { HUB, hubConfig, KEY, SPOKES, spokeAddress } from './hub-config.ts';
import { Vici } from './vici.ts';

export type Responder = 'wheelwright' | 'wheelwright-node' | 'strongswan';

export type WireRun = Readonly<{
  responder: Responder;
  group: string;
  tunnels: number;
  established: number;
  seconds: number;
  setUpsPerSecond: number;
  /** Time of the processor that the responder took for each set-up. */
  cpuMicroseconds: number;
  /** Growth of what the responder has of the machine's memory since it started, for each tunnel. */
  residentBytesPerTunnel: number;
}>;

export type WireOptions = Readonly<{
  tunnels: number;
  /** Set-ups before those that are measured: a gateway that has just started runs code that nobody has optimised yet. */
  warmUp: number;
  group: string;
  limitMs: number;
  /** Folder for a profile of our own responder. */
  profile?: string;
}>;

const PROGRAM = fileURLToPath(new URL('../dist/wheelwright.mjs', import.meta.url));
/** Set-ups under way at one time. */
const AT_ONCE = 64;
const LOOK_EVERY_MS = 4;
const SETTLE_MS = 1_500;

/** By IKEv2 group: strongSwan's name of it, and ASA's name and strongSwan's of the PRF that goes with it. */
const SUITES: Readonly<Record<string, readonly [dh: string, prf: string, swanPrf: string]>> = {
  '14': ['modp2048', 'sha256', 'prfsha256'],
  '19': ['ecp256', 'sha256', 'prfsha256'],
  '20': ['ecp384', 'sha384', 'prfsha384'],
  '21': ['ecp521', 'sha512', 'prfsha512'],
  '31': ['curve25519', 'sha256', 'prfsha256'],
};

/** What strongSwan does beside IKE is kept out: no routes, no cookies, as many half-open IKE SAs as come. */
const SETTINGS = `install_routes = no
  install_virtual_ip = no
  cookie_threshold = 0
  block_threshold = 0
  half_open_timeout = 30
  ikesa_table_size = 4096
  ikesa_table_segments = 64
  filelog {
    log {
      default = -1
      ike = -1
      cfg = -1
    }
  }`;

/** One run from nothing to all tunnels up, everything new. */
export async function measureWire(responder: Responder, options: WireOptions): Promise<WireRun> {
  const namespaces = new Namespaces('bike');
  try {
    const hub = await namespaces.add('hub');
    const spokes = await namespaces.add('spokes');
    await namespaces.cable(
      { at: hub, name: 'eth0', addresses: [`${HUB}/24`] },
      { at: spokes, name: 'eth0', addresses: [`${SPOKES}/24`] },
    );
    await spokes.forward();
    await hub.forward();
    await hub.ip(`route add 10.0.0.0/8 via ${SPOKES}`);
    const batch = Array.from(
      { length: options.tunnels + options.warmUp },
      (_, i) => `address add ${spokeAddress(i)}/32 dev lo`,
    );
    await spokes.run('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` });
    const running =
      responder === 'strongswan' ? await startStrongSwan(hub, options) : await startOurs(hub, responder, options);
    const result = await run(responder, running, spokes, options);
    if (options.profile !== undefined) await writeProfile(running);
    return result;
  } finally {
    await namespaces.close();
  }
}

async function run(
  responder: Responder,
  pid: number,
  spokes: Namespace,
  { tunnels, warmUp, group, limitMs }: WireOptions,
): Promise<WireRun> {
  const initiators = await StrongSwan.start(spokes, { settings: SETTINGS });
  await initiators.load(initiatorsConf(warmUp + tunnels, group));
  const vici = await Vici.open(join(spokes.folder, 'strongswan', 'vici'));
  const fresh = usage(pid);
  const warm = await bringUp(vici, 0, warmUp, limitMs);
  const before = usage(pid);
  const begun = performance.now();
  const all = await bringUp(vici, warmUp, warmUp + tunnels, limitMs);
  const seconds = (performance.now() - begun) / 1000;
  const spent = usage(pid);
  const up = all - warm;
  await setTimeout(SETTLE_MS);
  const after = usage(pid);
  vici.close();
  return {
    responder,
    group,
    tunnels,
    established: up,
    seconds,
    setUpsPerSecond: up / seconds,
    cpuMicroseconds: ((spent.cpuSeconds - before.cpuSeconds) * 1e6) / up,
    residentBytesPerTunnel: (after.residentBytes - fresh.residentBytes) / all,
  };
}

/** The second signal ends it at once, and the profile is written. */
async function writeProfile(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await setTimeout(SETTLE_MS);
  if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  await until('the profile is written', () => !isAlive(pid));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Asks for connections from one number to another, some at a time; gives how many are up then. */
async function bringUp(vici: Vici, from: number, to: number, limitMs: number): Promise<number> {
  const begun = performance.now();
  let asked = from;
  let up = from;
  while (up < to && performance.now() - begun < limitMs) {
    const room = Math.min(AT_ONCE - (asked - up), to - asked);
    const asking: Promise<unknown>[] = [];
    for (let i = 0; i < room; i++) {
      asking.push(vici.request('initiate', { child: `net${asked}`, timeout: '-1' }));
      asked++;
    }
    await Promise.all(asking);
    const stats = await vici.request('stats');
    up = Number(stats.get('ikesas.total') ?? 0) - Number(stats.get('ikesas.half-open') ?? 0);
    if (up < to) await setTimeout(LOOK_EVERY_MS);
  }
  return up;
}

async function startStrongSwan(hub: Namespace, { group }: WireOptions): Promise<number> {
  const responder = await StrongSwan.start(hub, { settings: SETTINGS });
  await responder.load(`connections {
  hub {
    version = 2
    local_addrs = ${HUB}
    remote_addrs = %any
    encap = yes
    mobike = no
    proposals = ${proposal(group)}
    local {
      auth = psk
      id = ${HUB}
    }
    remote {
      auth = psk
      id = %any
    }
    children {
      net {
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = aes256gcm16
      }
    }
  }
}
secrets {
  ike-all {
    secret = "${KEY}"
  }
}
`);
  return processesIn(hub, 'charon-systemd');
}

async function startOurs(hub: Namespace, responder: Responder, options: WireOptions): Promise<number> {
  const config = join(hub.folder, 'hub.cfg');
  writeFileSync(config, hubConfig({ group: options.group, prf: SUITES[options.group]?.[1] ?? 'sha256' }));
  const hostFile = join(hub.folder, 'wheelwright.yaml');
  const curves = responder === 'wheelwright-node' ? 'node' : 'machine';
  const lines = [`run: ${hub.folder}/run`, `state: ${hub.folder}/state`, `curves: ${curves}`, 'install-routes: false'];
  writeFileSync(hostFile, `${lines.join('\n')}\n`);
  const profiling = options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile];
  const running: Running = hub.spawn(process.execPath, [
    ...profiling,
    PROGRAM,
    'run',
    config,
    '--host',
    hostFile,
    '--log-level',
    '1',
  ]);
  await until('the gateway runs', () => {
    if (running.isOver) throw new Error(running.output);
    return running.output.includes('IKE listens on');
  });
  return processesIn(hub, 'node');
}

function initiatorsConf(tunnels: number, group: string): string {
  const connections = Array.from({ length: tunnels }, (_, i) => {
    const own = spokeAddress(i);
    return `  spoke${i} {
    version = 2
    local_addrs = ${own}
    remote_addrs = ${HUB}
    encap = yes
    mobike = no
    proposals = ${proposal(group)}
    local {
      auth = psk
      id = ${own}
    }
    remote {
      auth = psk
      id = ${HUB}
    }
    children {
      net${i} {
        local_ts = ${own}/32
        remote_ts = 172.31.255.1/32
        esp_proposals = aes256gcm16
      }
    }
  }
`;
  });
  return `connections {\n${connections.join('')}}\nsecrets {\n  ike-all {\n    secret = "${KEY}"\n  }\n}\n`;
}

function proposal(group: string): string {
  const [dh, , prf] = SUITES[group] ?? [];
  if (dh === undefined) throw new Error(`no group ${group}: ${Object.keys(SUITES).join(', ')}`);
  return `aes256gcm16-${prf}-${dh}`;
}

/** The process of this name whose network is the namespace's. */
async function processesIn(at: Namespace, name: string): Promise<number> {
  for (const pid of (await at.run('ip', ['netns', 'pids', at.name])).trim().split('\n')) {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name.slice(0, 15)) return Number(pid);
  }
  throw new Error(`${name} does not run in ${at.name}`);
}

function usage(pid: number): Readonly<{ cpuSeconds: number; residentBytes: number }> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Ticks of a hundredth of a second, in user space and in the kernel: fields 14 and 15 of proc(5).
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return { cpuSeconds, residentBytes: Number(rss) * 1024 };
}
