/**
 * What each tunnel leaves for the packets inside, layer by layer, on each platform's own rule. The arithmetic is that of
 * `esp`, which gateway and plane use as well; here it is put beside what the configurations say.
 */
import type { Family, IpAddress } from '../base/index.ts';
import { cipherName, type EspProposalModel, espIntegrityIds } from '../config/index.ts';
import { Integ, isAead, isSupportedEncryption, isSupportedInteg } from '../crypto/index.ts';
import {
  asaOverhead,
  type EspLayer,
  type EspShape,
  espLayers,
  innerMtu,
  type MtuRule,
  transportModeMtu,
  tunnelMtu,
} from '../esp/index.ts';
import { greFamily } from '../gateway/index.ts';
import type { Fabric } from './evidence.ts';
import { type MtuAdvice, mtuAdvice } from './mtu-advice.ts';
import { openCase } from './open-case.ts';
import type { TunnelCase, TunnelEnd } from './tunnel-case.ts';

/** What may be inside of the tunnel, with its own headers: RFC 2784, RFC 2890, RFC 7348. */
export const OVERLAYS = { ip: 0, gre: 24, 'gre-key': 28, vxlan: 50 } as const;
export type Overlay = keyof typeof OVERLAYS;

export type OverlayRoom = Readonly<{ overlay: Overlay; bytes: number; mtu: number; mss: number }>;

/** GRE stands between the layers of ESP and what is inside; in transport mode its outer header is counted as outer IP. */
export type MtuLayer = Readonly<{ layer: EspLayer['layer'] | 'gre'; bytes: number }>;

/** One direction of one tunnel. */
export type MtuPath = Readonly<{
  device: string;
  /** Tunnel or virtual template. */
  interface: string;
  /** The device at the other end, or its address; absent: whoever comes. */
  peer?: string;
  platform: 'asa' | 'iosxe';
  rule: MtuRule;
  /** Where suite, NAT and path MTU are from: an SA that is there, the topology, or both cases assumed. */
  from: 'sa' | 'topology' | 'configuration';
  suite: string;
  mode: 'tunnel' | 'transport';
  outerFamily: Family;
  udpEncapsulation: boolean;
  pathMtu: number;
  /** MTU of the interface that outer packets leave by. */
  outerMtu: number;
  /** The largest inner packet that the device lets through, as it looks outside. */
  layers: readonly MtuLayer[];
  /** Longest packet that fits in truth; IOS prints it as `plaintext mtu`. */
  plaintextMtu: number;
  /** `pathMtu` less that. */
  overhead: number;
  /** `ipsec overhead worst(fixed)` of an ASA. */
  asaOverhead: Readonly<{ worst: number; fixed: number }>;
  /** Largest packet that the platform takes into the tunnel by itself, and the TCP payload that fits. */
  tunnelMtu: number;
  mss: number;
  inside: readonly OverlayRoom[];
  /** What is configured of it; a clamp of 0 leaves SYNs alone. */
  configured: Readonly<{ mtu?: number; clampMss: number }>;
}> &
  MtuAdvice;

export type MtuReport = Readonly<{ paths: readonly MtuPath[]; unknown: readonly string[] }>;

/** What is known of the way between two ports from elsewhere. */
export type WayBetween = (
  from: Readonly<{ node: string; port: string }>,
  to: Readonly<{ node: string; port: string }>,
) => Readonly<{ mtu: number; nat: boolean }> | undefined;

const DEFAULT_MTU = 1500;
/** The GRE header, and each of its options: RFC 2784 section 2.1, RFC 2890 section 2. */
const GRE_WORD = 4;
const IP_AND_TCP = 40;

/** All tunnels of all devices, or those of one. */
export function explainMtu(fabric: Fabric, options: Readonly<{ device?: string; way?: WayBetween }> = {}): MtuReport {
  const unknown: string[] = [];
  const paths: MtuPath[] = [];
  const templatesSeen = new Set<string>();
  for (const { name: device, model } of fabric.values()) {
    for (const { name: tunnel, kind } of model.interfaces) {
      if (kind !== 'tunnel') continue;
      const one = openCase(fabric, { device, tunnel });
      if (typeof one === 'string') continue;
      const { near } = one;
      const far = one.far?.tunnel === undefined ? (twinBehindNat(fabric, near, options.way) ?? one.far) : one.far;
      paths.push(...directions(one, near, far, options.way, unknown));
      if (far?.tunnel?.kind !== 'virtual-template') continue;
      templatesSeen.add(`${far.device.name} ${far.tunnel.name}`);
      paths.push(...directions(one, far, near, options.way, unknown));
    }
  }
  for (const [device, { model }] of fabric) {
    for (const template of model.interfaces) {
      if (template.kind !== 'virtual-template' || templatesSeen.has(`${device} ${template.name}`)) continue;
      unknown.push(`${device} ${template.name}: no device that is known uses it`);
    }
  }
  const wanted = ({ device }: MtuPath): boolean => options.device === undefined || device === options.device;
  return { paths: paths.filter(wanted), unknown };
}

/**
 * The static tunnel at the other end of a NAT: one of the two names an address that no device has. Only where the
 * topology says that a NAT is between, and where just one tunnel can be meant.
 */
function twinBehindNat(fabric: Fabric, near: TunnelEnd, way: WayBetween | undefined): TunnelEnd | undefined {
  const destination = near.tunnel?.tunnel?.destination;
  const twins: TunnelEnd[] = [];
  for (const { name: device, model } of fabric.values()) {
    if (device === near.device.name || way === undefined) continue;
    for (const { name: tunnel, kind } of model.interfaces) {
      const one = kind === 'tunnel' ? openCase(fabric, { device, tunnel }) : '';
      if (typeof one === 'string') continue;
      const { address, tunnel: own } = one.near;
      const isNamed = (a: IpAddress | undefined, b: IpAddress | undefined): boolean =>
        b !== undefined && a?.equals(b) === true;
      if (!isNamed(destination, address) && !isNamed(own?.tunnel?.destination, near.address)) continue;
      if (between(near, one.near, way)?.nat === true) twins.push(one.near);
    }
  }
  return twins.length === 1 ? twins[0] : undefined;
}

/** One way of a tunnel: once as it is, or with and without a NAT where nobody knows. */
function directions(
  one: TunnelCase,
  near: TunnelEnd,
  far: TunnelEnd | undefined,
  way: WayBetween | undefined,
  unknown: string[],
): readonly MtuPath[] {
  const { device, tunnel } = near;
  if (tunnel === undefined) return [];
  const initiator = one.near === near ? [near, far] : [far, near];
  const child = near.ikeSa?.children.at(-1);
  const around = greBytes(near);
  if (around > 0 && tunnel.tunnel?.profile === undefined) {
    const room = (near.source?.mtu ?? DEFAULT_MTU) - around;
    unknown.push(`${device.name} ${tunnel.name}: GRE in clear adds ${around} bytes and leaves ${room}`);
    return [];
  }
  const suite = child ?? agreed(initiator[0]?.proposals ?? [], initiator[1]?.proposals);
  if (suite === undefined) {
    unknown.push(`${device.name} ${tunnel.name}: its two ends have no ESP proposal in common`);
    return [];
  }
  const sa = near.ikeSa;
  const counted = device.snapshot?.plane.childSas.find(({ id }) => id === child?.inboundSpi);
  const known = way === undefined ? undefined : between(near, far, way);
  const nats = child !== undefined && sa ? [sa.natLocal || sa.natRemote] : known ? [known.nat] : [false, true];
  const outerMtu = near.source?.mtu ?? DEFAULT_MTU;
  const pathMtu = counted?.pathMtu ?? Math.min(outerMtu, known?.mtu ?? outerMtu);
  const outerFamily = near.address?.family ?? tunnel.tunnel?.destination?.family ?? 4;
  const peer = far?.device.name ?? tunnel.tunnel?.destination?.toString();
  return nats.map((udpEncapsulation) => {
    const { encr, integ, mode } = suite;
    const shape: EspShape = { encr, integ: isAead(encr) ? Integ.NONE : integ, outerFamily, udpEncapsulation };
    const sizes = sizesOf(near, shape, mode, pathMtu);
    return {
      device: device.name,
      interface: tunnel.name,
      ...(peer === undefined ? {} : { peer }),
      from: child !== undefined ? 'sa' : known !== undefined ? 'topology' : 'configuration',
      suite: suiteText(suite),
      mode,
      outerFamily,
      udpEncapsulation,
      pathMtu,
      outerMtu,
      ...sizes,
      ...mtuAdvice(
        near,
        { ...sizes, pathMtu, outerMtu, isGre: greBytes(near) > 0 },
        far && takenBy(far, shape, mode, pathMtu),
      ),
    };
  });
}

/** Bytes that GRE and its outer header add; 0: it is no GRE. */
function greBytes({ device, tunnel }: TunnelEnd): number {
  const family = tunnel === undefined ? undefined : greFamily(tunnel, device.model.dialect);
  if (tunnel === undefined || family === undefined) return 0;
  const { key, checksum = false, sequence = false } = tunnel.tunnel?.gre ?? {};
  const options = Number(key !== undefined) + Number(checksum) + Number(sequence);
  return (family === 4 ? 20 : 40) + GRE_WORD * (1 + options);
}

function sizesOf(end: TunnelEnd, shape: EspShape, mode: 'tunnel' | 'transport', pathMtu: number) {
  const { device, tunnel } = end;
  const around = greBytes(end);
  const { dialect } = device.model;
  const rule: MtuRule = dialect === 'asa' ? 'worst-case' : 'exact';
  const sealable = tunnelMtu(pathMtu, shape, mode, rule);
  const largest = sealable - around;
  const plaintextMtu = (mode === 'tunnel' ? innerMtu : transportModeMtu)(pathMtu, shape);
  // In transport mode the inner header is the outer one.
  const sharedHeader = mode === 'tunnel' ? 0 : shape.outerFamily === 4 ? 20 : 40;
  const sealed = sealable - sharedHeader;
  return {
    platform: dialect,
    rule,
    layers: withGre(espLayers(sealed, shape), around - (around === 0 ? 0 : sharedHeader)),
    plaintextMtu,
    overhead: pathMtu - plaintextMtu,
    asaOverhead: asaOverhead(shape),
    tunnelMtu: largest,
    mss: largest - IP_AND_TCP,
    inside: roomInside(largest),
    configured: {
      ...(tunnel?.mtu === undefined ? {} : { mtu: tunnel.mtu }),
      clampMss: tunnel?.clampMss ?? device.model.clampMss,
    },
  } as const;
}

/** Takes the bytes of GRE out of what ESP carries. */
function withGre(layers: readonly EspLayer[], bytes: number): readonly MtuLayer[] {
  if (bytes === 0) return layers;
  return layers.flatMap((one): readonly MtuLayer[] =>
    one.layer === 'payload'
      ? [
          { layer: 'gre' as const, bytes },
          { layer: one.layer, bytes: one.bytes - bytes },
        ]
      : [one],
  );
}

/** What an end takes as it is configured. */
function takenBy(end: TunnelEnd, shape: EspShape, mode: 'tunnel' | 'transport', pathMtu: number): number {
  const { tunnelMtu: own, configured } = sizesOf(end, shape, mode, pathMtu);
  return Math.min(own, configured.mtu ?? own);
}

/** What a tunnel of this MTU leaves for packets with other headers around them. */
export function roomInside(mtu: number): readonly OverlayRoom[] {
  return (Object.entries(OVERLAYS) as readonly (readonly [Overlay, number])[]).map(([overlay, bytes]) => ({
    overlay,
    bytes,
    mtu: mtu - bytes,
    mss: mtu - bytes - IP_AND_TCP,
  }));
}

/** The way by the topology, from the port of one end's source interface to that of the other's. */
function between(near: TunnelEnd, far: TunnelEnd | undefined, way: WayBetween): ReturnType<WayBetween> {
  if (near.source === undefined || far?.source === undefined) return undefined;
  return way(portOf(near.device.name, near.source.name), portOf(far.device.name, far.source.name));
}

/** A subinterface shares the port of its interface. */
function portOf(node: string, name: string): Readonly<{ node: string; port: string }> {
  return { node, port: name.split('.', 1)[0] ?? name };
}

type Suite = Readonly<{ encr: number; keyBits: number; integ: number; mode: 'tunnel' | 'transport' }>;

/** What the initiator likes best of what the other end takes as well; alone, its first. */
function agreed(ours: readonly EspProposalModel[], theirs: readonly EspProposalModel[] | undefined): Suite | undefined {
  const answers = theirs === undefined ? undefined : theirs.flatMap(suitesOf);
  return ours
    .flatMap(suitesOf)
    .find(
      (one) =>
        answers === undefined ||
        answers.some(({ encr, keyBits, integ }) => encr === one.encr && keyBits === one.keyBits && integ === one.integ),
    );
}

function suitesOf({ encryption, integrity, mode = 'tunnel' }: EspProposalModel): readonly Suite[] {
  return encryption.flatMap(({ encr, keyBits }) => {
    if (!isSupportedEncryption(encr, keyBits)) return [];
    if (isAead(encr)) return [{ encr, keyBits, integ: Integ.NONE, mode }];
    return integrity.filter(isSupportedInteg).map((integ) => ({ encr, keyBits, integ, mode }));
  });
}

function suiteText({ encr, keyBits, integ }: Suite): string {
  const cipher = cipherName<string>({ encr, keyBits });
  return isAead(encr) ? cipher : `${cipher} ${espIntegrityIds.words([integ]).join()}`;
}
