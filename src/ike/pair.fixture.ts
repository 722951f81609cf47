/** Two or more IKE cores on a simulated link with virtual time: for tests. The same seed gives the same run. */
import assert from 'node:assert/strict';
import {
  at,
  earlier,
  type Instant,
  IpAddress,
  type Random,
  randomFraction,
  SecretKey,
  seededRandom,
  toHex,
  utf8,
} from '../base/index.ts';
import { Encr, Integ, Ke, Prf } from '../crypto/index.ts';
import type { ChildSa, ExportedIkeKeys, IkeEffect, IkeEvent } from './events.ts';
import { Ike } from './ike.ts';
import type { ChildPolicy, IkeConfig, IkePath, IkePeer } from './policy.ts';
import { anySelectors } from './selectors.ts';
import type { IkeSaSnapshot } from './snapshot.ts';
import { decodeHeader } from './wire/codec.ts';
import type { IkeHeader } from './wire/message.ts';

export const HOUR = 3_600_000;
/** Wall-clock time at the beginning: 1 July 2026. */
export const EPOCH_MS = 1_782_864_000_000;

export function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

export function key(text: string): SecretKey {
  return new SecretKey(utf8(text));
}

export const CHILD: ChildPolicy = {
  proposals: [{ encryption: [{ encr: Encr.AES_GCM_16, keyBits: 128 }], integrity: [], esn: [false] }],
  mode: 'tunnel',
  localSelectors: anySelectors(4),
  remoteSelectors: anySelectors(4),
  lifetimeMs: 8 * HOUR,
  replayWindow: 64,
};

export function peerTo(remote: string, change: Partial<IkePeer> = {}): IkePeer {
  return {
    name: remote,
    group: remote,
    isDefault: false,
    remote: address(remote),
    initiate: false,
    validateIdentity: 'required',
    localKey: key('secret'),
    remoteKey: key('secret'),
    ikeLifetimeMs: 24 * HOUR,
    child: CHILD,
    sendRoutes: [],
    acceptRoutes: false,
    ...change,
  };
}

export function configOf(own: string, peers: readonly IkePeer[], change: Partial<IkeConfig> = {}): IkeConfig {
  return {
    addresses: [address(own)],
    proposals: [
      {
        encryption: [{ encr: Encr.AES_GCM_16, keyBits: 128 }],
        integrity: [Integ.HMAC_SHA2_256_128],
        prf: [Prf.HMAC_SHA2_256],
        groups: [Ke.CURVE25519],
      },
    ],
    peers,
    cookieThreshold: 1_000,
    maxHalfOpen: 2_000,
    natKeepaliveMs: 20_000,
    ...change,
  };
}

export type Sent = Readonly<{ from: string; path: IkePath; message: Uint8Array; header: IkeHeader }>;

export class Node {
  readonly name: string;
  readonly ike: Ike;
  readonly address: IpAddress;
  /** What the plane would hold, by inbound SPI. */
  readonly plane = new Map<number, ChildSa>();
  readonly effects: IkeEffect[] = [];
  readonly heard = new Map<number, number>();
  readonly keys: ExportedIkeKeys[] = [];

  constructor(name: string, own: string, random: Random) {
    this.name = name;
    this.address = address(own);
    this.ike = new Ike({
      random,
      lastInbound: (spi) => this.heard.get(spi),
      wallClock: (now) => EPOCH_MS + now,
      exportKeys: (keys) => this.keys.push(keys),
    });
  }

  note(effect: IkeEffect): void {
    this.effects.push(effect);
    if (effect.kind === 'install-child-sa') {
      assert.ok(!this.plane.has(effect.sa.inboundSpi), 'installed twice');
      this.plane.set(effect.sa.inboundSpi, effect.sa);
    }
    if (effect.kind === 'remove-child-sa') {
      assert.ok(this.plane.delete(effect.inboundSpi), 'removed what was not installed');
    }
  }

  codes(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'notice' ? [effect.code] : []));
  }

  of<K extends IkeEffect['kind']>(kind: K): Extract<IkeEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<IkeEffect, { kind: K }> => effect.kind === kind);
  }
}

export type Link = { loss: number; duplicate: number; delayMs: number; jitterMs: number };

type Delivery = Readonly<{ when: number; order: number; to: Node; event: IkeEvent }>;

/** A NAT in front of one node: its inside endpoint seen from outside. */
type Nat = { inside: IpAddress; outside: IpAddress; ports: Map<number, number> };

export class Lab {
  now: Instant = at(0);
  readonly nodes = new Map<string, Node>();
  readonly link: Link = { loss: 0, duplicate: 0, delayMs: 10, jitterMs: 0 };
  /** Every message that left a node. */
  readonly sent: Sent[] = [];
  /** False drops the message. */
  pass: (sent: Sent) => boolean = () => true;
  nat: Nat | undefined;
  /** More nodes behind a NAT, of which several may share the outside address. */
  readonly nats: Nat[] = [];
  readonly random: Random;
  readonly #seed: number;
  #queue: Delivery[] = [];
  #order = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.random = seededRandom(seed, 'link');
  }

  add(name: string, own: string): Node {
    const node = new Node(name, own, seededRandom(this.#seed, name));
    this.nodes.set(own, node);
    return node;
  }

  do(node: Node, event: IkeEvent): readonly IkeEffect[] {
    const effects = node.ike.handle(event, this.now);
    for (const effect of effects) {
      node.note(effect);
      if (effect.kind === 'send') this.#send(node, effect.path, effect.message);
    }
    return effects;
  }

  /** Runs until a moment; every delivery and every deadline at its time. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; ; steps++) {
      assert.ok(steps < 200_000, 'the machines never rest');
      const wakes = [...this.nodes.values()].map((node) => node.ike.wakeAt());
      const wake = wakes.reduce(earlier, undefined);
      const delivery = this.#queue[0];
      const next = Math.min(wake ?? Number.POSITIVE_INFINITY, delivery?.when ?? Number.POSITIVE_INFINITY);
      if (next > end) break;
      this.now = at(Math.max(this.now, next));
      if (delivery !== undefined && delivery.when === next) {
        this.#queue.shift();
        this.do(delivery.to, delivery.event);
        continue;
      }
      for (const node of this.nodes.values()) {
        const due = node.ike.wakeAt();
        if (due !== undefined && due <= this.now) this.do(node, { kind: 'tick' });
      }
    }
    this.now = at(end);
  }

  /** Puts bytes on the link as if they came from somewhere. */
  inject(to: Node, path: IkePath, message: Uint8Array): readonly IkeEffect[] {
    return this.do(to, { kind: 'datagram', path, message });
  }

  #send(from: Node, path: IkePath, message: Uint8Array): void {
    const header = decodeHeader(message);
    assert.ok(header.ok);
    const sent = { from: from.name, path, message, header: header.value };
    this.sent.push(sent);
    if (!this.pass(sent)) return;
    this.#deliver(path, message);
    if (randomFraction(this.random) < this.link.duplicate) this.#deliver(path, message);
  }

  #deliver(path: IkePath, message: Uint8Array): void {
    if (randomFraction(this.random) < this.link.loss) return;
    const arrives = this.#translate(path);
    const to = arrives && this.nodes.get(arrives.local.address.toString());
    if (arrives === undefined || to === undefined) return;
    const when = this.now + this.link.delayMs + Math.round(this.link.jitterMs * randomFraction(this.random));
    this.#order += 1;
    this.#queue.push({ when, order: this.#order, to, event: { kind: 'datagram', path: arrives, message } });
    this.#queue.sort((a, b) => a.when - b.when || a.order - b.order);
  }

  /** The path as the receiver sees it. */
  #translate({ local, remote }: IkePath): IkePath | undefined {
    const nats = this.nat === undefined ? this.nats : [this.nat, ...this.nats];
    const before = nats.find(({ inside }) => local.address.equals(inside));
    if (before !== undefined) {
      const { ports, outside } = before;
      const port = ports.get(local.port) ?? 40_000 + ports.size + Math.floor(1_000 * randomFraction(this.random));
      ports.set(local.port, port);
      return { local: remote, remote: { address: outside, port } };
    }
    const behind = nats.filter(({ outside }) => remote.address.equals(outside));
    if (behind.length === 0) return { local: remote, remote: local };
    for (const { inside, ports } of behind) {
      const mapping = [...ports].find(([, port]) => port === remote.port);
      if (mapping !== undefined) return { local: { address: inside, port: mapping[0] }, remote: local };
    }
    return undefined;
  }
}

export const A = '192.0.2.1';
export const B = '192.0.2.2';

export type Pair = Readonly<{ lab: Lab; a: Node; b: Node }>;

type PeerChange = Partial<IkePeer>;

/** Two nodes that know each other; `a` begins. */
export function pair(
  seed = 1,
  change: Readonly<{
    a?: PeerChange;
    b?: PeerChange;
    both?: PeerChange;
    config?: Partial<IkeConfig>;
    configA?: Partial<IkeConfig>;
    configB?: Partial<IkeConfig>;
  }> = {},
): Pair {
  const lab = new Lab(seed);
  const a = lab.add('a', A);
  const b = lab.add('b', B);
  const toB = peerTo(B, { initiate: true, ...change.both, ...change.a });
  const toA = peerTo(A, { ...change.both, ...change.b });
  lab.do(a, { kind: 'configure', config: configOf(A, [toB], { ...change.config, ...change.configA }) });
  lab.do(b, { kind: 'configure', config: configOf(B, [toA], { ...change.config, ...change.configB }) });
  return { lab, a, b };
}

/** Both ends learn that a path exists. */
export function connect({ lab, a, b }: Pair): void {
  lab.do(a, { kind: 'peer-reachable', peer: B, reachable: true });
  lab.do(b, { kind: 'peer-reachable', peer: A, reachable: true });
}

/** A pair with its IKE SA and first child SA up. */
export function established(seed = 1, change: Parameters<typeof pair>[1] = {}): Pair {
  const both = pair(seed, change);
  connect(both);
  both.lab.run(1_000);
  assertAgree(both, { ikeSas: 1, children: 1 });
  return both;
}

export function sasOf(node: Node, now: Instant): readonly IkeSaSnapshot[] {
  return node.ike.snapshot(now).sas;
}

export function live(node: Node, now: Instant): readonly IkeSaSnapshot[] {
  return sasOf(node, now).filter(({ status }) => status === 'established');
}

export function counter(node: Node, now: Instant, name: string): number {
  return node.ike.snapshot(now).counters[name] ?? 0;
}

/** Both ends hold the same IKE SAs, and child SAs whose SPIs pair up and whose keys are equal; planes hold the same. */
export function assertAgree({ lab, a, b }: Pair, expected: Readonly<{ ikeSas: number; children: number }>): void {
  const ofA = live(a, lab.now);
  const ofB = live(b, lab.now);
  assert.equal(ofA.length, expected.ikeSas, `IKE SAs of a: ${statuses(a, lab.now)}`);
  assert.deepEqual(
    ofA.map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi]).sort(),
    ofB.map(({ localSpi, remoteSpi }) => [remoteSpi, localSpi]).sort(),
  );
  assert.equal(sasOf(a, lab.now).length, ofA.length, `nothing is left over at a: ${statuses(a, lab.now)}`);
  assert.equal(sasOf(b, lab.now).length, ofB.length, `nothing is left over at b: ${statuses(b, lab.now)}`);
  for (const node of [a, b]) {
    const spis = live(node, lab.now).flatMap(({ children }) => children.map(({ inboundSpi }) => inboundSpi));
    assert.deepEqual([...node.plane.keys()].sort(), spis.sort(), `plane of ${node.name}`);
  }
  assert.equal(a.plane.size, expected.children, 'child SAs');
  assert.equal(b.plane.size, expected.children, 'child SAs of b');
  for (const sa of a.plane.values()) {
    const twin = b.plane.get(sa.outboundSpi);
    assert.ok(twin !== undefined && twin.outboundSpi === sa.inboundSpi, 'SPIs pair up');
    assert.equal(hexKey(sa.inboundKey), hexKey(twin.outboundKey));
    assert.equal(hexKey(sa.outboundKey), hexKey(twin.inboundKey));
    assert.equal(hexKey(sa.inboundIntegKey), hexKey(twin.outboundIntegKey));
    assert.equal(hexKey(sa.outboundIntegKey), hexKey(twin.inboundIntegKey));
    assert.deepEqual(sa.localSelectors.map(String), twin.remoteSelectors.map(String));
    assert.equal(sa.mode, twin.mode);
  }
}

function statuses(node: Node, now: Instant): string {
  return sasOf(node, now)
    .map(({ status, role, localSpi }) => `${status} ${role} ${localSpi}`)
    .join(', ');
}

function hexKey(secret: SecretKey | undefined): string {
  return secret === undefined ? 'none' : toHex(secret.reveal());
}
