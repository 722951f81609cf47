/** What a machine's facts mean for a gateway: each check's verdict, and the command that mends it. Nothing is asked here. */
import type { DeviceModel } from '../config/index.ts';
import { type HostFile, type LinkFact, type MachineFacts, neededVrfs } from '../host/index.ts';

export type Verdict = 'ok' | 'warning' | 'failed';

export type Check = Readonly<{
  name: string;
  verdict: Verdict;
  text: string;
  /** A command, or a sentence where none helps. */
  remedy?: string;
}>;

/** What is to run here; without it only the machine is judged. */
export type Intended = Readonly<{ model: DeviceModel; host: HostFile }>;

/** A number that is missing counts as the least there is. */
const LEAST_NODE = { major: 20, minor: 20 } as const;
/** Packets of a tunnel need room for its headers. */
const LEAST_MTU = 1280;
const USUAL_MTU = 1500;
/** Descriptors that a gateway needs besides one for each tunnel and neighbour. */
const SPARE_FILES = 256;
/** 2024-01-01: a clock before this was never set. */
const EARLIEST_CLOCK_MS = 1_704_067_200_000;
const STRICT = 1;

export function judge(facts: MachineFacts, intended?: Intended): readonly Check[] {
  return [
    system(facts),
    node(facts),
    native(facts),
    ...(facts.nativeFault === undefined
      ? [tun(facts), ...ports(facts), ipsec(facts), fastPlane(facts, intended), md5(facts)]
      : []),
    curves(facts),
    capabilities(facts),
    ...forwarding(facts, intended),
    ...reversePath(facts, intended),
    ...(intended === undefined ? [] : interfaces(facts, intended)),
    ...(intended === undefined ? [] : vrfs(facts, intended)),
    ...mtus(facts, intended),
    ...leftRoutes(facts),
    clock(facts),
    ...openFiles(facts, intended),
  ];
}

/** The worst of all. */
export function worst(checks: readonly Check[]): Verdict {
  if (checks.some(({ verdict }) => verdict === 'failed')) return 'failed';
  return checks.some(({ verdict }) => verdict === 'warning') ? 'warning' : 'ok';
}

function system({ platform, kernel }: MachineFacts): Check {
  if (platform === 'linux') return { name: 'system', verdict: 'ok', text: `Linux ${kernel}` };
  const remedy = "run it on Linux; 'wheelwright lab run' works here as well";
  return { name: 'system', verdict: 'failed', text: `a gateway runs on Linux, and this is ${platform}`, remedy };
}

function node({ node: version }: MachineFacts): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST_NODE.major || (major === LEAST_NODE.major && minor >= LEAST_NODE.minor);
  if (isEnough) return { name: 'node', verdict: 'ok', text: `Node ${version}` };
  const text = `Node ${version} is older than ${LEAST_NODE.major}.${LEAST_NODE.minor}`;
  return { name: 'node', verdict: 'failed', text, remedy: 'install a newer Node' };
}

function native({ nativeFault }: MachineFacts): Check {
  if (nativeFault === undefined) return { name: 'native', verdict: 'ok', text: 'system calls can be made' };
  const remedy = nativeFault.remedy ?? "run 'npm install' where wheelwright is installed";
  return { name: 'native', verdict: 'failed', text: nativeFault.text, remedy };
}

function tun({ tun: code }: MachineFacts): Check {
  if (code === undefined) return { name: 'tun', verdict: 'ok', text: '/dev/net/tun opens' };
  const remedies: Readonly<Record<string, string>> = {
    ENOENT: 'mkdir -p /dev/net && mknod /dev/net/tun c 10 200 && modprobe tun',
    ENODEV: 'modprobe tun',
    ENXIO: 'modprobe tun',
    EACCES: 'run as root, or give the service the device (DeviceAllow=/dev/net/tun rw, or --device /dev/net/tun)',
    EPERM: 'run as root, or give the service the device (DeviceAllow=/dev/net/tun rw, or --device /dev/net/tun)',
  };
  const remedy = remedies[code] ?? 'modprobe tun';
  return { name: 'tun', verdict: 'failed', text: `/dev/net/tun does not open: ${code}`, remedy };
}

function curves({ curves: choice }: MachineFacts): Check {
  const name = 'curves';
  const { library, text } = choice;
  if (library !== undefined) return { name, verdict: 'ok', text: `keys are exchanged by ${text}` };
  const slow = `keys are exchanged by ${text}: group 21 takes ten times longer than by the machine's OpenSSL`;
  return { name, verdict: 'warning', text: slow, remedy: "install OpenSSL 3's library (apt install libssl3)" };
}

const CAPABILITIES = ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'];

function capabilities({ capabilities: held }: MachineFacts): Check {
  const missing = CAPABILITIES.filter((name) => !held.includes(name));
  if (missing.length === 0) return { name: 'capabilities', verdict: 'ok', text: `it has ${CAPABILITIES.join(', ')}` };
  const remedy = `run it as root, or by systemd with AmbientCapabilities=${CAPABILITIES.join(' ')}`;
  return { name: 'capabilities', verdict: 'failed', text: `it has no ${missing.join(', ')}`, remedy };
}

function ports({ ports: all }: MachineFacts): readonly Check[] {
  return [500, 4500].map((port): Check => {
    const name = `udp-${port}`;
    const taken = all.find((one) => one.port === port && one.code === 'EADDRINUSE');
    const refused = all.find((one) => one.port === port && one.code !== undefined && one.code !== 'EAFNOSUPPORT');
    if (taken !== undefined) {
      const who = [...new Set(all.flatMap((one) => (one.port === port ? one.holders : [])))];
      const by = who.length === 0 ? 'another program' : who.join(', ');
      const remedy = who.length === 0 ? `ss -ulpn 'sport = :${port}'` : stopping(who);
      return { name, verdict: 'failed', text: `UDP port ${port} is taken by ${by}`, remedy };
    }
    if (refused !== undefined) {
      const remedy = 'run it as root, or with CAP_NET_BIND_SERVICE';
      return { name, verdict: 'failed', text: `UDP port ${port} can not be had: ${refused.code}`, remedy };
    }
    return { name, verdict: 'ok', text: `UDP port ${port} is free` };
  });
}

/** How the usual holders of these ports are stopped. */
function stopping(who: readonly string[]): string {
  const [first = ''] = who;
  if (/^(?:charon|starter)/.test(first)) return 'systemctl disable --now strongswan strongswan-starter';
  if (/^pluto/.test(first)) return 'systemctl disable --now ipsec';
  if (/^(?:node|wheelwright)/.test(first)) return "it may be a gateway that runs already: 'wheelwright status' tells";
  return `stop ${first}`;
}

function ipsec({ kernelIpsec }: MachineFacts): Check {
  const has =
    kernelIpsec === undefined
      ? 'nobody knows whether the kernel has ESP'
      : kernelIpsec
        ? 'the kernel has ESP'
        : 'the kernel has no ESP';
  return { name: 'kernel-ipsec', verdict: 'ok', text: `${has}; neither of our planes needs it` };
}

function fastPlane({ fastPlaneMissing: missing }: MachineFacts, intended: Intended | undefined): Check {
  const name = 'plane';
  const wanted = intended?.host.plane ?? 'auto';
  if (wanted === 'software') return { name, verdict: 'ok', text: 'the software plane, as the host file says' };
  if (missing === undefined) return { name, verdict: 'ok', text: 'the fast plane can carry packets' };
  const text = `the software plane carries packets: ${missing}`;
  const remedy = 'use Linux 5.0 or newer, as root, and a Node that was built with its own OpenSSL';
  return { name, verdict: wanted === 'fast' ? 'failed' : 'warning', text, remedy };
}

function md5({ tcpMd5 }: MachineFacts): Check {
  const name = 'tcp-md5';
  if (tcpMd5 === undefined) return { name, verdict: 'ok', text: 'TCP connections can be signed with MD5' };
  const text = `BGP passwords do not work with neighbours on a LAN: ${tcpMd5}`;
  return {
    name,
    verdict: 'warning',
    text,
    remedy: 'use a kernel with CONFIG_TCP_MD5SIG; neighbours over tunnels need none',
  };
}

function forwarding({ forwarding: on }: MachineFacts, intended: Intended | undefined): readonly Check[] {
  const families = new Set(
    intended?.model.interfaces.flatMap((one) => one.addresses.map(({ address }) => address.family)),
  );
  return ([4, 6] as const).flatMap((family): readonly Check[] => {
    if (intended === undefined ? family === 6 : !families.has(family)) return [];
    const key = family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
    const name = `forwarding-ipv${family}`;
    if (on[family] === true) return [{ name, verdict: 'ok', text: `${key} is on` }];
    const text = `${key} is off: nothing goes from a LAN into a tunnel`;
    return [{ name, verdict: 'warning', text, remedy: `sysctl -w ${key}=1` }];
  });
}

/** Strict reverse path filtering drops what comes out of a tunnel by another interface than the answer would take. */
function reversePath(facts: MachineFacts, intended: Intended | undefined): readonly Check[] {
  const name = 'reverse-path';
  const concerned = linksOf(facts, intended);
  const strict = concerned.filter(
    (link) => Math.max(link.reversePathFilter ?? 0, facts.reversePathFilter ?? 0) === STRICT,
  );
  if (strict.length === 0) return [{ name, verdict: 'ok', text: 'reverse paths are not filtered strictly' }];
  const keys = ['all', ...strict.map((link) => link.name)].map(
    (one) => `net.ipv4.conf.${one.replaceAll('.', '/')}.rp_filter=2`,
  );
  const text = `rp_filter is strict on ${strict.map((link) => link.name).join(', ')}: packets of asymmetric ways are dropped`;
  return [{ name, verdict: 'warning', text, remedy: `sysctl -w ${keys.join(' ')}` }];
}

function interfaces(facts: MachineFacts, { model, host }: Intended): readonly Check[] {
  const checks: Check[] = [];
  for (const one of model.interfaces) {
    if (one.kind !== 'ethernet' || one.shutdown || one.addresses.length === 0) continue;
    const called = one.alias ?? one.name;
    const name = `interface-${called}`;
    const wanted = one.addresses.map(({ address }) => address.toString());
    const given =
      host.interfaces?.get(one.name) ?? (one.alias === undefined ? undefined : host.interfaces?.get(one.alias));
    const link =
      given === undefined
        ? (facts.links.find(({ addresses }) => addresses.some((address) => wanted.includes(address))) ??
          facts.links.find((known) => known.name === one.name || known.name === one.alias))
        : facts.links.find((known) => known.name === given);
    if (link === undefined) {
      const text =
        given === undefined
          ? `no kernel interface has ${wanted.join(' or ')}, an address of ${called}`
          : `there is no kernel interface ${given}, which ${called} is to be`;
      const known = facts.links.map((each) => each.name).filter((each) => each !== 'lo');
      const remedy = `say which one it is in wheelwright.yaml, such as 'interfaces: {${called}: ${known[0] ?? 'eth0'}}'`;
      checks.push({ name, verdict: 'failed', text, remedy });
      continue;
    }
    const missing = one.addresses.filter(({ address }) => !link.addresses.includes(address.toString()));
    if (missing.length > 0 && host.addresses !== 'apply') {
      const text = `${called} is ${link.name}, which has no ${missing.map(({ address }) => address).join(', ')}`;
      const commands = missing.map(({ address, length }) => `ip address add ${address}/${length} dev ${link.name}`);
      checks.push({ name, verdict: 'failed', text, remedy: `${commands.join(' && ')} (or 'addresses: apply')` });
    } else if (!link.up) {
      const remedy = `ip link set ${link.name} up`;
      checks.push({ name, verdict: 'warning', text: `${called} is ${link.name}, which is down`, remedy });
    } else checks.push({ name, verdict: 'ok', text: `${called} is ${link.name}` });
  }
  return checks;
}

/** A configuration without VRFs needs nothing of the kernel for them. */
function vrfs({ vrfDevices }: MachineFacts, { model }: Intended): readonly Check[] {
  const needed = neededVrfs(model);
  if (needed.length === 0 || vrfDevices === undefined) return [];
  const name = 'vrf';
  if (vrfDevices) return [{ name, verdict: 'ok', text: `the kernel has VRF devices, for ${needed.join(', ')}` }];
  const text = `the configuration has ${needed.length === 1 ? 'VRF' : 'VRFs'} ${needed.join(', ')}, and this kernel has no VRF devices`;
  const remedy = "modprobe vrf, or a kernel with CONFIG_NET_VRF; 'wheelwright lab run' needs neither";
  return [{ name, verdict: 'failed', text, remedy }];
}

function mtus(facts: MachineFacts, intended: Intended | undefined): readonly Check[] {
  return linksOf(facts, intended).flatMap(({ name: link, mtu }): readonly Check[] => {
    const name = `mtu-${link}`;
    if (mtu >= USUAL_MTU) return [];
    const text = `${link} takes packets of ${mtu} bytes: packets in tunnels are smaller still`;
    const verdict = mtu < LEAST_MTU ? 'failed' : 'warning';
    return [{ name, verdict, text, remedy: `ip link set ${link} mtu ${USUAL_MTU}, where the network carries it` }];
  });
}

/** Kernel interfaces that the gateway uses, or all where nobody said which. */
function linksOf({ links }: MachineFacts, intended: Intended | undefined): readonly LinkFact[] {
  const up = links.filter(({ name, up: isUp }) => name !== 'lo' && isUp);
  if (intended === undefined) return up;
  const { model, host } = intended;
  const named = new Set(host.interfaces?.values());
  const addresses = new Set(model.interfaces.flatMap((one) => one.addresses.map(({ address }) => address.toString())));
  return up.filter((link) => named.has(link.name) || link.addresses.some((address) => addresses.has(address)));
}

function leftRoutes({ leftRoutes: count }: MachineFacts): readonly Check[] {
  const name = 'left-routes';
  if (count === undefined) return [];
  if (count === 0) return [{ name, verdict: 'ok', text: 'no routes of an earlier run are left' }];
  const text = `${count} routes of protocol 119 are in the kernel: a gateway runs, or one was killed`;
  return [
    {
      name,
      verdict: 'warning',
      text,
      remedy: "'wheelwright run' takes them over; 'ip route flush table all proto 119' removes them",
    },
  ];
}

function clock({ wallClockMs, clockSynchronized }: MachineFacts): Check {
  const name = 'clock';
  if (wallClockMs < EARLIEST_CLOCK_MS) {
    const text = 'the clock was never set: certificates will seem not to be valid yet';
    return { name, verdict: 'failed', text, remedy: 'timedatectl set-ntp true' };
  }
  const text = clockSynchronized === true ? 'the clock is set and kept right' : 'the clock is set';
  return { name, verdict: 'ok', text };
}

function openFiles({ openFiles: limit }: MachineFacts, intended: Intended | undefined): readonly Check[] {
  if (limit === undefined) return [];
  const name = 'open-files';
  const { interfaces: all = [], bgp } = intended?.model ?? {};
  const wanted = SPARE_FILES + all.length * 8 + (bgp?.neighbors.length ?? 0) * 2;
  if (limit >= wanted) return [{ name, verdict: 'ok', text: 'enough files may be open' }];
  const text = `${limit} files may be open, and this configuration may need ${wanted}`;
  return [{ name, verdict: 'warning', text, remedy: `ulimit -n ${wanted} (systemd: LimitNOFILE=${wanted})` }];
}
