/** Facts about this machine that matter to a gateway: gathered, not judged. Nothing is changed for longer than a call. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces, platform, release } from 'node:os';
import { IpAddress } from '../base/index.ts';
import { type CurveChoice, chooseCurves } from './curves.ts';
import { hasKernelIpsec } from './kernel-ipsec.ts';
import { errnoName } from './linux/errno.ts';
import { fastFacts } from './linux/fast-setting.ts';
import { KernelTables } from './linux/kernel-tables.ts';
import { type Libc, openLibc } from './linux/libc.ts';
import { encodeSockaddr } from './linux/sockaddr.ts';
import { Domain, FileFlag, Ipv6Option, Level, SocketType, TcpOption } from './linux/socket-numbers.ts';

/** A port that may be listened on, or why not and who does. */
export type PortFact = Readonly<{ port: number; family: 4 | 6; code?: string; holders: readonly string[] }>;

export type LinkFact = Readonly<{
  name: string;
  up: boolean;
  mtu: number;
  addresses: readonly string[];
  /** `rp_filter`: 0 off, 1 strict, 2 loose. */
  reversePathFilter?: number;
}>;

export type MachineFacts = Readonly<{
  platform: string;
  kernel: string;
  node: string;
  /** Why system calls can not be made; absent: they can. */
  nativeFault?: Readonly<{ text: string; remedy?: string }>;
  /** Error of opening /dev/net/tun; absent: it opens. */
  tun?: string;
  capabilities: readonly string[];
  ports: readonly PortFact[];
  /** Whether the kernel itself has ESP; absent: it could not be asked. */
  kernelIpsec?: boolean;
  /** Whether the kernel has VRF devices; absent: it could not be asked. */
  vrfDevices?: boolean;
  /** What is missing for the fast plane; absent: nothing is, or it could not be asked. */
  fastPlaneMissing?: string;
  /** Error of setting an MD5 key on a TCP socket; absent: it works. */
  tcpMd5?: string;
  /** What exchanges keys on elliptic curves. */
  curves: CurveChoice;
  forwarding: Readonly<{ 4?: boolean; 6?: boolean }>;
  /** `conf/all/rp_filter`: the larger of it and an interface's own counts. */
  reversePathFilter?: number;
  links: readonly LinkFact[];
  /** Routes of ours in the kernel while no gateway runs; absent: they could not be asked for. */
  leftRoutes?: number;
  wallClockMs: number;
  /** Whether something keeps the clock right; absent: nobody knows. */
  clockSynchronized?: boolean;
  /** Soft limit of open files. */
  openFiles?: number;
}>;

/** The capabilities that a gateway needs, by their bits in capabilities(7). */
export const NEEDED_CAPABILITIES = { CAP_NET_BIND_SERVICE: 10, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 } as const;

export function gatherFacts(): MachineFacts {
  const base = {
    platform: platform(),
    kernel: release(),
    node: process.versions.node,
    capabilities: ownCapabilities(),
    curves: chooseCurves(),
    forwarding: {
      ...optional('4', flagOf('/proc/sys/net/ipv4/ip_forward')),
      ...optional('6', flagOf('/proc/sys/net/ipv6/conf/all/forwarding')),
    },
    ...optional('reversePathFilter', numberIn('/proc/sys/net/ipv4/conf/all/rp_filter')),
    links: links(),
    wallClockMs: Date.now(),
    ...optional('clockSynchronized', existsSync('/run/systemd/timesync/synchronized') || undefined),
    ...optional('openFiles', openFileLimit()),
  };
  const libc = openLibc();
  if (!libc.ok) {
    const { text, remedy } = libc.error;
    return { ...base, nativeFault: { text, ...optional('remedy', remedy) }, ports: [] };
  }
  const native = libc.value;
  return {
    ...base,
    ...optional('tun', tunFault(native)),
    ports: [500, 4500].flatMap((port) => [portFact(native, port, 4), portFact(native, port, 6)]),
    ...optional('kernelIpsec', hasKernelIpsec(native)),
    ...optional('vrfDevices', vrfDevices(native)),
    ...optional('fastPlaneMissing', fastFacts(native).missing),
    ...optional('tcpMd5', md5Fault(native)),
    ...optional('leftRoutes', leftRoutes(native)),
  };
}

function optional<K extends string, V>(name: K, value: V | undefined): { [N in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [N in K]?: V };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function numberIn(path: string): number | undefined {
  const text = textOf(path)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

function flagOf(path: string): boolean | undefined {
  const number = numberIn(path);
  return number === undefined ? undefined : number !== 0;
}

function ownCapabilities(): readonly string[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf('/proc/self/status') ?? '')?.[1];
  const bits = BigInt(`0x${effective ?? '0'}`);
  return Object.entries(NEEDED_CAPABILITIES).flatMap(([name, bit]) => ((bits >> BigInt(bit)) & 1n ? [name] : []));
}

function openFileLimit(): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(textOf('/proc/self/limits') ?? '')?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

function links(): readonly LinkFact[] {
  const addresses = networkInterfaces();
  let names: readonly string[];
  try {
    names = readdirSync('/sys/class/net');
  } catch {
    names = Object.keys(addresses);
  }
  return names.flatMap((name) => {
    const mtu = numberIn(`/sys/class/net/${name}/mtu`);
    // Files such as bonding_masters are no interfaces.
    if (mtu === undefined) return [];
    const flags = Number(textOf(`/sys/class/net/${name}/flags`)?.trim() ?? 0);
    const own = (addresses[name] ?? []).map(({ address }) => address);
    const filter = numberIn(`/proc/sys/net/ipv4/conf/${name}/rp_filter`);
    return [{ name, up: (flags & 1) === 1, mtu, addresses: own, ...optional('reversePathFilter', filter) }];
  });
}

function tunFault(libc: Libc): string | undefined {
  const fd = libc.open('/dev/net/tun', FileFlag.RDWR | FileFlag.CLOEXEC);
  if (fd < 0) return errnoName(-fd);
  libc.close(fd);
  return undefined;
}

/** Routes under our protocol number that are in the kernel. */
function leftRoutes(libc: Libc): number | undefined {
  const tables = KernelTables.open(libc);
  if (!tables.ok) return undefined;
  const routes = tables.value.routes();
  tables.value.close();
  return routes.ok ? routes.value.length : undefined;
}

function vrfDevices(libc: Libc): boolean | undefined {
  const tables = KernelTables.open(libc);
  if (!tables.ok) return undefined;
  const has = tables.value.hasVrfs();
  tables.value.close();
  return has;
}

function portFact(libc: Libc, port: number, family: 4 | 6): PortFact {
  const domain = family === 4 ? Domain.INET : Domain.INET6;
  const fd = libc.socket(domain, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  if (fd < 0) return { port, family, code: errnoName(-fd), holders: [] };
  if (family === 6) libc.setsockopt(fd, Level.IPV6, Ipv6Option.V6ONLY, int(1), 4);
  const any = IpAddress.parse(family === 4 ? '0.0.0.0' : '::');
  const name = any === undefined ? new Uint8Array(0) : encodeSockaddr(any, port);
  const bound = libc.bind(fd, name, name.length);
  libc.close(fd);
  if (bound >= 0) return { port, family, holders: [] };
  return { port, family, code: errnoName(-bound), holders: holdersOf(port, family) };
}

/** Programs with a UDP socket on a port, as `charon (process 812)`: by the socket's inode, as ss(8) finds them. */
function holdersOf(port: number, family: 4 | 6): readonly string[] {
  const table = textOf(family === 4 ? '/proc/net/udp' : '/proc/net/udp6') ?? '';
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(`:${wanted}`) === true && fields[9] !== undefined) inodes.add(`socket:[${fields[9]}]`);
  }
  if (inodes.size === 0) return [];
  return processes()
    .filter((pid) => descriptorsOf(pid).some((one) => inodes.has(one)))
    .map(nameOf);
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function descriptorsOf(pid: string): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function nameOf(pid: string): string {
  return `${textOf(`/proc/${pid}/comm`)?.trim() ?? '?'} (process ${pid})`;
}

/** struct tcp_md5sig of linux/tcp.h: an address of 128 bytes, flags, prefix, key length, interface, 80 bytes of key. */
function md5Fault(libc: Libc): string | undefined {
  const fd = libc.socket(Domain.INET, SocketType.STREAM | SocketType.CLOEXEC, 0);
  if (fd < 0) return errnoName(-fd);
  const request = new Uint8Array(216);
  const peer = IpAddress.parse('192.0.2.1');
  if (peer !== undefined) request.set(encodeSockaddr(peer, 0), 0);
  new DataView(request.buffer).setUint16(130, 1, true);
  request[136] = 1;
  const result = libc.setsockopt(fd, Level.TCP, TcpOption.MD5SIG, request, request.length);
  libc.close(fd);
  return result < 0 ? errnoName(-result) : undefined;
}

/** A 32-bit number as options want it. */
function int(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
