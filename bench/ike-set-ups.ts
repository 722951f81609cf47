/**
 * Full set-ups in one process: many initiators, each an IKE core of its own, against one core that answers them all. What
 * the answering end costs is taken by itself, in time of the processor: the rounds of one kind are handled together.
 */
import { cpuUsage } from 'node:process';
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

export type SetUpCost = Readonly<{
  established: number;
  /** Of the responder and of the initiators, for each set-up. */
  responderMicroseconds: number;
  initiatorMicroseconds: number;
  /** Live heap and buffers of both ends for each; absent without --expose-gc. */
  bytesPerTunnel?: number;
}>;

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

/** Brings `count` tunnels up, and says what that cost. */
export function measureSetUps(
  responder: Responder,
  count: number,
  group: number,
  authentication: Authentication,
): SetUpCost {
  const { spoke } = proofs(authentication, group);
  const initiators = Array.from({ length: count }, (_, i) => new Initiator(i, group, spoke));
  const heldBefore = held();
  let requests = initiators.flatMap((initiator) => initiator.begin());
  let own = 0;
  let others = 0;
  let now = at(10);
  while (requests.length > 0) {
    const asked = timed(() =>
      requests.map(({ from, path, message }) => ({ from, sent: responder.hear(path, message, now) })),
    );
    own += asked.microseconds;
    now = at(now + 10);
    const answered = timed(() =>
      asked.value.flatMap(({ from, sent }) => sent.flatMap((message) => from.hear(message, now))),
    );
    others += answered.microseconds;
    requests = answered.value;
    now = at(now + 10);
  }
  const heldAfter = held();
  const cost = {
    established: responder.established(),
    responderMicroseconds: own / count,
    initiatorMicroseconds: others / count,
  };
  if (heldAfter === undefined || heldBefore === undefined) return cost;
  return { ...cost, bytesPerTunnel: (heldAfter - heldBefore) / count };
}

/** Who answers: `path` is the way from the initiator to it. */
export type Responder = Readonly<{
  hear: (path: IkePath, message: Uint8Array, now: Instant) => readonly Uint8Array[];
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
  return {
    hear(path, message, now) {
      const back = { ...path, local: path.remote, remote: path.local };
      const effects = ike.handle({ kind: 'datagram', path: back, message }, now);
      for (const { kind } of effects) if (kind === 'install-child-sa') installed++;
      return sent(effects).map(({ message: answer }) => answer);
    },
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
  return {
    hear({ local, remote }, message, now) {
      transmitted.length = 0;
      const fields = { source: local.address, destination: remote.address, protocol: Protocol.UDP, ttl: 64 };
      device.receive(outside, buildIp(fields, buildUdp(local, remote, message)), now);
      return transmitted.flatMap((packet) => {
        const header = parseIp(packet);
        const datagram = header.ok ? parseUdp(header.value, packet) : header;
        return datagram.ok ? [datagram.value.payload] : [];
      });
    },
    established: () => device.status().tunnelsUp,
  };
}

type Request = Readonly<{ from: Initiator; path: IkePath; message: Uint8Array }>;

class Initiator {
  readonly #ike: Ike;
  readonly #address: IpAddress;

  constructor(index: number, group: number, proves: Partial<IkePeer>) {
    this.#ike = coreOf(seededRandom(1, `initiator ${index}`));
    this.#address = address(spokeAddress(index));
    const config = configOf(
      this.#address,
      [{ ...BASIC, ...proves, name: 'hub', group: HUB, remote: HUB_ADDRESS, initiate: true }],
      group,
    );
    this.#ike.handle({ kind: 'configure', config }, at(0));
  }

  begin(): readonly Request[] {
    return this.#requests(this.#ike.handle({ kind: 'peer-reachable', peer: 'hub', reachable: true }, at(0)));
  }

  hear(message: Uint8Array, now: Instant): readonly Request[] {
    const path: IkePath = {
      local: { address: this.#address, port: 500 },
      remote: { address: HUB_ADDRESS, port: 500 },
      vrf: GLOBAL_VRF,
    };
    return this.#requests(this.#ike.handle({ kind: 'datagram', path, message }, now));
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

function timed<T>(act: () => T): Readonly<{ value: T; microseconds: number }> {
  const begun = cpuUsage();
  const value = act();
  const { user, system } = cpuUsage(begun);
  return { value, microseconds: user + system };
}

/** What is alive, after a collection. */
function held(): number | undefined {
  if (global.gc === undefined) return undefined;
  global.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}
