/** GRE tunnels as they are found in a model: their outer ends, or what they lack. */
import type { Family, IpAddress } from '../base/index.ts';
import type { InterfaceModel } from '../config/index.ts';
import { greHeaderLength, ipHeaderLength, Protocol } from '../ip/index.ts';
import type { PlaneGre } from '../plane/contract.ts';

/** One tunnel with both ends. */
export type GreTunnel = Readonly<{
  name: string;
  frontVrf: string;
  plane: PlaneGre;
  keepalive?: Readonly<{ periodMs: number; retries: number }>;
}>;

/** IANA protocol number, all ports: what protects GRE between two ends carries that alone. */
export const GRE_SELECTOR = { protocol: Protocol.GRE, startPort: 0, endPort: 0xffff } as const;

const DEFAULT_TTL = 255;
const PATH_MTU_AGE_MS = 600_000;
/** What the platform takes at least. */
const LEAST_MTU = 92;

/** The family of the outer packets where a tunnel is GRE: on a router that is what it is unless it says otherwise. */
export function greFamily(one: InterfaceModel, dialect: 'asa' | 'iosxe'): Family | undefined {
  const isRoutersTunnel = dialect === 'iosxe' && one.kind === 'tunnel';
  return isRoutersTunnel && one.tunnel?.mode === undefined ? (one.tunnel?.greMode ?? 4) : undefined;
}

export function greTunnel(one: InterfaceModel, frontVrf: string, source: IpAddress, destination: IpAddress): GreTunnel {
  const { gre = {}, profile } = one.tunnel ?? {};
  const { key, checksum = false, sequence = false, keepalive, ttl = DEFAULT_TTL, tos, pathMtuDiscovery } = gre;
  const { maxAgeMs = PATH_MTU_AGE_MS, leastMtu = LEAST_MTU } = pathMtuDiscovery ?? {};
  return {
    name: one.name,
    frontVrf,
    plane: {
      source,
      destination,
      ...(key === undefined ? {} : { key }),
      checksum,
      sequence,
      ttl,
      ...(tos === undefined ? {} : { tos }),
      ...(pathMtuDiscovery === undefined ? {} : { pathMtuDiscovery: { maxAgeMs, leastMtu } }),
      isProtected: profile !== undefined,
    },
    ...(keepalive === undefined ? {} : { keepalive }),
  };
}

/** Bytes that GRE and the outer header put around a packet. */
export function greOverhead({ destination, key, checksum, sequence }: PlaneGre): number {
  const options = { checksum, ...(key === undefined ? {} : { key }), ...(sequence ? { sequence: 0 } : {}) };
  return ipHeaderLength(destination.family) + greHeaderLength(options);
}
