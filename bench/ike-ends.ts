/** Both ends of the benchmarks that run in one process: many initiators, each an IKE core of its own, and who answers. */
import { at, type Instant, IpAddress, type Random, SecretKey, seededRandom, utf8 } from '../src/base/index.ts';
import { loadConfiguration } from '../src/config/index.ts';
import { Encr, Integ, Ke, Prf } from '../src/crypto/index.ts';
import { Device } from '../src/gateway/index.ts';
import { leaf, signs, trusting } from '../src/ike/certificates.fixture.ts';
import {
  anySelectors,
  type ChildPolicy,
  GLOBAL_VRF,
  Ike,
  type IkeConfig,
  type IkeEffect,
  type IkePath,
  type IkePeer,
} from '../src/ike/index.ts';
import { buildIp, buildUdp, Protocol, parseIp, parseUdp } from '../src/ip/index.ts';
import { SoftwarePlane } from '../src/plane/index.ts';
import { HUB, hubConfig, KEY, spokeAddress } from './hub-config.ts';

export type Authentication = 'psk' | 'certificates';

const HOUR = 3_600_000;
const HUB_ADDRESS = address(HUB);
const WALL_CLOCK = 1_782_864_000_000;

export const GROUPS: readonly (readonly [name: string, group: number])[] = [
  ['14', Ke.MODP_2048],
  ['19', Ke.ECP_256],
  ['20', Ke.ECP_384],
  ['21', Ke.ECP_521],
  ['31', Ke.CURVE25519],
];

/** A message to the initiator with an address. */
export type Answer = Readonly<{ to: IpAddress; message: Uint8Array }>;

/** Who answers: `path` is the way from the initiator to it. */
export type Responder = Readonly<{
  hear: (path: IkePath, message: Uint8Array, now: Instant) => readonly Answer[];
  wakeAt: () => Instant | undefined;
  tick: (now: Instant) => readonly Answer[];
  established: () => number;
}>;

/** The IKE core alone. */
export function coreResponder(group: number, authentication: Authentication): Responder {
  const ike = coreOf(seededRandom(1, 'hub'));
  const everybody: IkePeer = {
    ...BASIC,
    ...proofs(authentication, group).hub,
    name: 'everybody',
    group: 'DefaultL2LGroup',
    isDefault: true,
  };
  ike.handle({ kind: 'configure', config: configOf(HUB_ADDRESS, [everybody], group) }, at(0));
  let installed = 0;
  const answers = (effects: readonly IkeEffect[]): readonly Answer[] => {
    for (const { kind } of effects) {
      if (kind === 'install-child-sa') installed++;
      if (kind === 'remove-child-sa') installed--;
    }
    return sent(effects).map(({ path, message }) => ({ to: path.remote.address, message }));
  };
  return {
    hear(path, message, now) {
      const back = { ...path, local: path.remote, remote: path.local };
      return answers(ike.handle({ kind: 'datagram', path: back, message }, now));
    },
    wakeAt: () => ike.wakeAt(),
    tick: (now) => answers(ike.handle({ kind: 'tick' }, now)),
    established: () => installed,
  };
}

/** A whole gateway with its forwarding plane: a hub with one virtual template. */
export function gatewayResponder(group: number): Responder {
  const { model } = loadConfiguration(hubConfig({ group: String(group), prf: 'sha512' }), 'hub.cfg');
  const transmitted: Uint8Array[] = [];
  const device = new Device({
    name: 'hub',
    random: seededRandom(1, 'hub'),
    model,
    plane: (sink, random) => new SoftwarePlane({ sink, random }),
    sink: { transmit: (_interface, _nextHop, packet) => void transmitted.push(packet) },
  });
  device.start(at(0));
  const outside = model.interfaces.find(({ alias }) => alias === 'outside')?.name ?? '';
  device.carrier(outside, true, at(0));
  const during = (act: () => void): readonly Answer[] => {
    transmitted.length = 0;
    act();
    return transmitted.flatMap((packet) => {
      const header = parseIp(packet);
      if (!header.ok) return [];
      const datagram = parseUdp(header.value, packet);
      return datagram.ok ? [{ to: header.value.destination, message: datagram.value.payload }] : [];
    });
  };
  return {
    hear({ local, remote }, message, now) {
      const fields = { source: local.address, destination: remote.address, protocol: Protocol.UDP, ttl: 64 };
      const packet = buildIp(fields, buildUdp(local, remote, message));
      return during(() => device.receive(outside, packet, now));
    },
    wakeAt: () => device.wakeAt(),
    tick: (now) => during(() => device.tick(now)),
    established: () => device.status().tunnelsUp,
  };
}

export type Request = Readonly<{ from: Initiator; path: IkePath; message: Uint8Array }>;

export class Initiator {
  readonly address: IpAddress;
  readonly #ike: Ike;
  readonly #path: IkePath;

  constructor(index: number, group: number, authentication: Authentication, lifetimes = LIFETIMES) {
    this.#ike = coreOf(seededRandom(1, `initiator ${index}`));
    this.address = address(spokeAddress(index));
    this.#path = {
      local: { address: this.address, port: 500 },
      remote: { address: HUB_ADDRESS, port: 500 },
      vrf: GLOBAL_VRF,
    };
    const hub: IkePeer = {
      ...BASIC,
      ...proofs(authentication, group).spoke,
      name: 'hub',
      group: HUB,
      remote: HUB_ADDRESS,
      initiate: true,
      ikeLifetimeMs: lifetimes.ikeMs,
      child: { ...CHILD, lifetimeMs: lifetimes.childMs },
    };
    this.#ike.handle({ kind: 'configure', config: configOf(this.address, [hub], group) }, at(0));
  }

  begin(now = at(0)): readonly Request[] {
    return this.#requests(this.#ike.handle({ kind: 'peer-reachable', peer: 'hub', reachable: true }, now));
  }

  hear(message: Uint8Array, now: Instant): readonly Request[] {
    return this.#requests(this.#ike.handle({ kind: 'datagram', path: this.#path, message }, now));
  }

  wakeAt(): Instant | undefined {
    return this.#ike.wakeAt();
  }

  tick(now: Instant): readonly Request[] {
    return this.#requests(this.#ike.handle({ kind: 'tick' }, now));
  }

  /** Exchanges that replaced something, as the peer that began them counts. */
  rekeys(now: Instant): Readonly<{ ike: number; child: number }> {
    const { statistics } = this.#ike.snapshot(now);
    return { ike: statistics?.ikeRekeysInitiated ?? 0, child: statistics?.childRekeysInitiated ?? 0 };
  }

  #requests(effects: readonly IkeEffect[]): readonly Request[] {
    return sent(effects).map((send) => ({ from: this, ...send }));
  }
}

const SELECTORS = anySelectors(4);
const CHILD: ChildPolicy = {
  proposals: [{ encryption: [{ encr: Encr.AES_GCM_16, keyBits: 256 }], integrity: [], esn: [false] }],
  mode: 'tunnel',
  localSelectors: SELECTORS,
  remoteSelectors: SELECTORS,
  lifetimeMs: 8 * HOUR,
  replayWindow: 64,
};
const LIFETIMES = { ikeMs: 24 * HOUR, childMs: 8 * HOUR };
const BASIC = {
  isDefault: false,
  initiate: false,
  validateIdentity: 'required',
  ikeLifetimeMs: 24 * HOUR,
  child: CHILD,
  sendRoutes: [],
  acceptRoutes: false,
} as const;

/** How each end proves who it is: by one key, or by ECDSA with the curve of the group. */
function proofs(
  authentication: Authentication,
  group: number,
): Readonly<{ hub: Partial<IkePeer>; spoke: Partial<IkePeer> }> {
  if (authentication === 'psk') {
    const key = new SecretKey(utf8(KEY));
    return { hub: { localKey: key, remoteKey: key }, spoke: { localKey: key, remoteKey: key } };
  }
  const curve = group === Ke.ECP_521 ? 'P-521' : group === Ke.ECP_384 ? 'P-384' : 'P-256';
  const trust = trusting();
  return {
    hub: { localSignature: signs(leaf('hub', curve)), trust },
    spoke: { localSignature: signs(leaf('spoke', curve)), trust },
  };
}

function configOf(own: IpAddress, peers: readonly IkePeer[], group: number): IkeConfig {
  return {
    addresses: [own],
    proposals: [
      {
        encryption: [{ encr: Encr.AES_GCM_16, keyBits: 256 }],
        integrity: [Integ.HMAC_SHA2_256_128],
        prf: [Prf.HMAC_SHA2_512],
        groups: [group],
      },
    ],
    peers,
    cookieThreshold: Number.POSITIVE_INFINITY,
    maxHalfOpen: Number.POSITIVE_INFINITY,
    natKeepaliveMs: 20_000,
  };
}

function coreOf(random: Random): Ike {
  return new Ike({ random, lastInbound: () => undefined, wallClock: (now) => WALL_CLOCK + now });
}

function sent(effects: readonly IkeEffect[]): readonly Readonly<{ path: IkePath; message: Uint8Array }>[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [effect] : []));
}

function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}
