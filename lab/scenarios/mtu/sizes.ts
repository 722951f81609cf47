/** Two gateways of either platform with a provider between them, configured by the lines of one test. */
import { readU16 } from '../../../src/base/index.ts';
import { Fabric } from '../../../src/gateway/fabric.fixture.ts';
import { routerText } from '../../../src/gateway/iosxe.fixture.ts';
import { gatewayText } from '../../../src/gateway/model.fixture.ts';
import { buildIp, internetChecksum, Protocol, parseIp, pseudoHeaderSum } from '../../../src/ip/index.ts';
import { capture } from '../captured.ts';
import { address } from '../scenario.ts';

const SYN = 0x02;

export type Platform = 'asa' | 'iosxe';

/** Lines by what they are about; each platform has them elsewhere. */
export type SizeLines = Readonly<{
  /** Of the whole device. */
  device?: string;
  /** Of the port outside; routers only. */
  outside?: string;
  /** Of the tunnel. */
  tunnel?: string;
  /** The tunnel is GRE; routers only. */
  gre?: boolean;
}>;

export type SizeOptions = Readonly<{ lines?: SizeLines; providerMtu?: number }>;

function topologyOf(platform: Platform, mtu: number): string {
  const [outside, inside] =
    platform === 'asa' ? ['outside', 'inside'] : ['GigabitEthernet0/0/0', 'GigabitEthernet0/0/1'];
  return `
topology:
  nodes:
    gw1: { kind: ${platform}, startup-config: gw1.cfg }
    gw2: { kind: ${platform}, startup-config: gw2.cfg }
    lan1: { kind: host, addresses: [10.1.1.10/24], gateway: 10.1.1.1 }
    lan2: { kind: host, addresses: [10.1.2.10/24], gateway: 10.1.2.1 }
    provider:
      kind: router
      interfaces:
        left: { addresses: [10.0.0.254/24], mtu: ${mtu} }
        right: { addresses: [10.0.9.254/24], mtu: ${mtu} }
  links:
    - { name: left, endpoints: ["gw1:${outside}", "provider:left"], delay: 5ms }
    - { name: right, endpoints: ["gw2:${outside}", "provider:right"], delay: 5ms }
    - { name: lan1, endpoints: ["gw1:${inside}", "lan1:e"] }
    - { name: lan2, endpoints: ["gw2:${inside}", "lan2:e"] }
`;
}

function textOf(
  platform: Platform,
  n: 1 | 2,
  { device = '', outside = '', tunnel = '', gre = false }: SizeLines,
): string {
  const other = n === 1 ? 2 : 1;
  // Gateway 2 stands in a network of its own.
  const place = (text: string): string => text.replaceAll(/\b10\.0\.0\.2\b/g, '10.0.9.2');
  const provider = n === 1 ? '10.0.0.254' : '10.0.9.254';
  if (platform === 'asa') {
    const text = place(gatewayText(n, [other])).replace(' tunnel source', `${tunnel} tunnel source`);
    return text.replace('router bgp', `${device}route outside 0.0.0.0 0.0.0.0 ${provider} 1\nrouter bgp`);
  }
  const text = place(routerText(n, [other]))
    .replace(' tunnel source', `${tunnel} tunnel source`)
    .replace('interface GigabitEthernet0/0/0\n', `interface GigabitEthernet0/0/0\n${outside}`)
    .replace(gre ? ' tunnel mode ipsec ipv4\n' : 'nothing', '')
    .replace(gre ? ' mode tunnel\n' : 'nothing', ' mode transport\n');
  // In an interface the same words are about that interface, so these stand before all of them.
  return `${device}${text}ip route 0.0.0.0 0.0.0.0 ${provider}\nip route 10.1.${other}.0 255.255.255.0 172.16.12.${other}\n`;
}

/** Both ends up, and the outer packets of gw1's way so far when asked: from it, lengths, DF, and whether in pieces. */
export class Sizes {
  readonly fabric: Fabric;
  readonly #captured: () => readonly Uint8Array[];
  #seen = 0;

  constructor(platform: Platform, { lines = {}, providerMtu = 1500 }: SizeOptions = {}) {
    const texts = [textOf(platform, 1, lines), textOf(platform, 2, lines)];
    this.fabric = new Fabric({ texts, topology: topologyOf(platform, providerMtu) });
    this.fabric.converge();
    this.fabric.until('child SAs', () => this.fabric.node('gw1').counters().childSas.length > 0);
    this.fabric.run(5000);
    this.#captured = capture(this.fabric.lab, ['left']);
  }

  /** What one ping from lan1 to lan2 came to, and the ESP packets of gw1 that carried it. */
  ping(size: number, df = false): Readonly<{ result: string; mtu?: number; outer: readonly Outer[] }> {
    this.#take();
    const { result, mtu } = this.fabric.ping('lan1', '10.1.2.10', size, df);
    const outer = this.#take();
    return { result, outer, ...(mtu === undefined ? {} : { mtu }) };
  }

  /** What the outer packets of gw1 are believed to find. */
  get pathMtu(): number | undefined {
    return this.fabric.node('gw1').counters().childSas[0]?.pathMtu;
  }

  /** The MSS that a SYN from behind gateway `n` has when it comes to the other LAN. */
  mssAfter(n: 1 | 2, offered: number): number | undefined {
    const [source, destination] = [address(`10.1.${n}.10`), address(`10.1.${3 - n}.10`)];
    const arrived = capture(this.fabric.lab, [`lan${3 - n}`]);
    const segment = new Uint8Array(24);
    segment.set([0x60, SYN, 0xff, 0xff], 12);
    segment.set([2, 4, offered >> 8, offered & 255], 20);
    const pseudo = pseudoHeaderSum(source, destination, Protocol.TCP, segment.length);
    const sum = internetChecksum(segment, pseudo);
    segment.set([sum >> 8, sum & 255], 16);
    const gateway = this.fabric.node(`gw${n}`);
    const inside = this.fabric
      .snapshot(`gw${n}`)
      .interfaces.find(({ addresses }) => addresses.some((own) => own.address.equals(address(`10.1.${n}.1`))));
    const packet = buildIp({ source, destination, protocol: Protocol.TCP }, segment);
    gateway.receive(inside?.name ?? '', packet, this.fabric.lab.now);
    this.fabric.run(100);
    for (const one of arrived()) {
      const parsed = parseIp(one);
      if (!parsed.ok || parsed.value.protocol !== Protocol.TCP || !parsed.value.source.equals(source)) continue;
      return readU16(one, parsed.value.payloadOffset + 22);
    }
    return undefined;
  }

  #take(): readonly Outer[] {
    const all = this.#captured();
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh.flatMap((packet) => {
      const parsed = parseIp(packet);
      if (!parsed.ok || parsed.value.protocol !== Protocol.ESP || `${parsed.value.source}` !== '10.0.0.1') return [];
      const { totalLength: length, df, moreFragments, fragmentOffset } = parsed.value;
      return [{ length, df, isPart: moreFragments || fragmentOffset > 0 }];
    });
  }
}

export type Outer = Readonly<{ length: number; df: boolean; isPart: boolean }>;
