/** Names, addresses and AS numbers of a generated hub-and-spoke lab. */
import type { HubSpokeOptions } from './hub-spoke.ts';

export type HubPlan = Readonly<{
  name: string;
  outside: string;
  inside: string;
  /** Address of its loopback, which all its virtual-access interfaces borrow. */
  vti: string;
  /** BGP neighbours: the tunnel addresses that spokes have toward this hub. */
  neighbors: readonly Readonly<{ address: string; asn: number; name: string }>[];
}>;

export type SpokePlan = Readonly<{
  name: string;
  asn: number;
  outside: string;
  inside: string;
  lan: string;
  /** Host in its LAN. */
  host: string | undefined;
  /** One for each hub, in their order. */
  tunnels: readonly string[];
}>;

export type HubSpokePlan = Readonly<{
  hubs: readonly HubPlan[];
  spokes: readonly SpokePlan[];
  hubAsn: number;
  outsideMask: string;
  datacenterHost: string;
  timers: Readonly<{ keepalive: number; hold: number }>;
  hubRoutes: 'all' | 'default';
  delayMs: number;
}>;

const HUB_ASN = 65_000;
const MANY_SPOKES = 100;
const MOST_HOSTS = 20;
/** Spokes in each /24 of the outside segment; the addresses above belong to hubs. */
const OUTSIDE_BLOCK = 200;
const LAN_BLOCK = 250;
/** Last two-octet AS number for private use is 65534 (RFC 6996). */
const LAST_SHORT_ASN = 65_534;
const FIRST_LONG_ASN = 4_200_000_000;

export function planHubSpoke(options: HubSpokeOptions): HubSpokePlan {
  const { hubs: hubCount, spokes: spokeCount } = options;
  if (!inRange(hubCount, 8) || !inRange(spokeCount, 4000)) {
    throw new RangeError('a hub-and-spoke lab has 1 to 8 hubs and 1 to 4000 spokes');
  }
  const hosts = options.hosts ?? Math.min(spokeCount, MOST_HOSTS);
  const isLong = HUB_ASN + spokeCount > LAST_SHORT_ASN;
  const spokes = Array.from({ length: spokeCount }, (_, i): SpokePlan => {
    const lan = `10.${1 + Math.floor(i / LAN_BLOCK)}.${(i % LAN_BLOCK) + 1}`;
    return {
      name: `spoke${i + 1}`,
      asn: (isLong ? FIRST_LONG_ASN : HUB_ASN) + i + 1,
      outside: `10.0.${Math.floor(i / OUTSIDE_BLOCK)}.${(i % OUTSIDE_BLOCK) + 1}`,
      inside: `${lan}.1`,
      lan: `${lan}.0`,
      host: i < hosts ? `${lan}.10` : undefined,
      tunnels: Array.from({ length: hubCount }, (_, hub) => tunnelAddress(i * hubCount + hub)),
    };
  });
  const hubs = Array.from({ length: hubCount }, (_, i): HubPlan => {
    const last = 255 - hubCount + i;
    return {
      name: `hub${i + 1}`,
      outside: `10.0.0.${last}`,
      inside: `10.250.0.${i + 1}`,
      vti: `172.16.1.${last}`,
      neighbors: spokes.map(({ name, asn, tunnels }) => ({ name, asn, address: tunnels[i] ?? '' })),
    };
  });
  const slow = spokeCount >= MANY_SPOKES;
  return {
    hubs,
    spokes,
    hubAsn: HUB_ASN,
    outsideMask: spokeCount <= OUTSIDE_BLOCK ? '255.255.255.0' : '255.255.0.0',
    datacenterHost: '10.250.0.10',
    timers: options.timers ?? (slow ? { keepalive: 10, hold: 30 } : { keepalive: 5, hold: 15 }),
    hubRoutes: options.hubRoutes ?? 'all',
    delayMs: options.delayMs ?? 5,
  };
}

/** Upper addresses of /31s from 172.16.1.5 on; the top of 172.16.1.0/24 belongs to the hubs' loopbacks. */
function tunnelAddress(index: number): string {
  const inFirst = 118;
  if (index < inFirst) return `172.16.1.${5 + 2 * index}`;
  const rest = index - inFirst;
  return `172.16.${2 + Math.floor(rest / 127)}.${1 + 2 * (rest % 127)}`;
}

function inRange(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}
