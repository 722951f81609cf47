/** What passed on the segment comes again: mutated, cut short, repeated, late, from elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readU32 } from '../../../src/base/index.ts';
import { Protocol } from '../../../src/ip/index.ts';
import { address, assertPings } from '../scenario.ts';
import {
  assertState,
  convergedStage,
  faultsOf,
  faultsSince,
  mutations,
  payloadOf,
  type Seen,
  type Stage,
  settle,
  stateOf,
  sum,
  truncations,
  withPayload,
} from './stage.ts';

const HUB = '10.0.0.253';
const SPOKE = '10.0.0.1';

type Attack = readonly Readonly<{ packet: Uint8Array; to: string }>[];

/** Sends all of it, and holds every victim to the state that it had and to one fault for each packet. */
function assertHarmless(stage: Stage, attack: Attack, reasons: RegExp): Record<string, number> {
  const names = new Map([
    [HUB, 'hub1'],
    [SPOKE, 'spoke1'],
  ]);
  const state = stateOf(stage);
  const before = new Map([...names.values()].map((name) => [name, faultsOf(stage, name)]));
  for (const { packet, to } of attack) stage.inject(packet, to);
  settle(stage, 500);
  assertState(stage, state);
  const all: Record<string, number> = {};
  const counts = new Map([...names].map(([to, name]) => [to, faultsSince(stage, name, before.get(name) ?? new Map())]));
  for (const [to, counted] of counts) {
    // A repeated request has the other end repeat its response, which is one more that nobody expects.
    // One of a later version has it answer that it knows none such (RFC 7296 section 2.5).
    const causedBy = (reason: string): number =>
      [...counts].reduce((n, [other, its]) => n + (other === to ? 0 : (its[reason] ?? 0)), 0);
    const echoes = Math.min(causedBy('ike request-repeated'), counted['ike unexpected-response'] ?? 0);
    const versions = causedBy('ike wrong-major-version');
    const sent = attack.filter((one) => one.to === to).length;
    const extra = sum(counted) - sent;
    const text = `${names.get(to)} counts ${sent} packets once each: ${JSON.stringify(counted)}`;
    assert.ok(extra >= 0 && extra <= echoes + versions, text);
    for (const [reason, count] of Object.entries(counted)) {
      assert.match(reason, reasons);
      all[reason] = (all[reason] ?? 0) + count;
    }
  }
  return all;
}

/** What hub 1 and spoke 1 said to each other in IKE. */
function ikeBetween({ seen }: Stage): Seen[] {
  return seen.filter(
    ({ header }) =>
      header.protocol === Protocol.UDP &&
      [HUB, SPOKE].includes(`${header.source}`) &&
      [HUB, SPOKE].includes(`${header.destination}`),
  );
}

function espBetween({ seen }: Stage): Seen[] {
  return seen.filter(
    ({ header }) =>
      header.protocol === Protocol.ESP &&
      [HUB, SPOKE].includes(`${header.source}`) &&
      [HUB, SPOKE].includes(`${header.destination}`),
  );
}

const to = ({ header }: Seen): string => `${header.destination}`;
const isInitRequest = (one: Seen): boolean => payloadOf(one)[18] === 34 && to(one) === HUB;

test('whole packets with a bit turned over, or cut short, are dropped by their reason', () => {
  const stage = convergedStage();
  const samples = [...ikeBetween(stage), ...espBetween(stage).slice(-4)];
  const attack = samples.flatMap((one) => [
    // Behind the IPv4 header ESP has no checksum: its own test is below.
    ...[...mutations(one.packet, one.header.protocol === Protocol.UDP ? 3 : 1, stage.random)]
      .slice(0, one.header.protocol === Protocol.UDP ? undefined : 20)
      .map((packet) => ({ packet, to: to(one) })),
    ...[...truncations(one.packet, 1)].map((packet) => ({ packet, to: to(one) })),
  ]);
  const counted = assertHarmless(stage, attack, /^plane (malformed|bad-checksum|bad-length)$/);
  assert.ok((counted['plane bad-checksum'] ?? 0) > 500);
  assertPings(stage);
});

test('IKE messages mutated or cut short under right checksums change nothing once the SA is up', () => {
  const stage = convergedStage();
  const samples = ikeBetween(stage).filter((one) => !isInitRequest(one));
  const attack = samples.flatMap((one) => {
    const payload = payloadOf(one);
    return [...mutations(payload, 1, stage.random), ...truncations(payload, 1)].map((changed) => ({
      packet: withPayload(one, changed),
      to: to(one),
    }));
  });
  assert.ok(attack.length > 1500);
  assertHarmless(stage, attack, /^ike /);
  assertPings(stage);
});

test('a mutated IKE_SA_INIT request makes a half-open IKE SA at most, gone within half a minute', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const before = faultsOf(stage, 'hub1');
  const [request] = ikeBetween(stage).filter(isInitRequest);
  assert.ok(request);
  const payload = payloadOf(request);
  const changed = [...mutations(payload, 1, stage.random), ...truncations(payload, 1)];
  for (const one of changed) stage.inject(withPayload(request, one), HUB);
  settle(stage, 500);
  assertState(stage, state);
  const counted = faultsSince(stage, 'hub1', before);
  // A request in which the nonce, say, is another one is as good as the original: it is answered.
  assert.equal(sum(counted), changed.length, JSON.stringify(counted));
  assert.ok((counted['ike malformed-message'] ?? 0) > payload.length, JSON.stringify(counted));
  const negotiating = (): number =>
    stage.gateways
      .flatMap((node) => node.snapshot(stage.lab.now)?.ike.sas ?? [])
      .filter((sa) => sa.status === 'negotiating').length;
  assert.ok(negotiating() > 0);
  settle(stage, 35_000);
  assert.equal(negotiating(), 0);
  assertPings(stage);
});

test('ESP that arrived is refused as a replay, and mutated ESP by its ICV', () => {
  const stage = convergedStage();
  // Held back packets are new to the window, so that nothing but the ICV can tell.
  const held: Seen[] = [];
  stage.filter.pass = (one) => {
    const isOurs = one.header.protocol === Protocol.ESP && to(one) === HUB && `${one.header.source}` === SPOKE;
    if (isOurs && held.length < 2) held.push(one);
    return !isOurs || !held.includes(one);
  };
  settle(stage, 6000);
  assert.equal(held.length, 2);
  const fresh = held.flatMap((one) => {
    const esp = payloadOf(one);
    const highBits = [...mutations(esp.slice(4, 6), 1, stage.random)].map((high) => {
      const later = esp.slice();
      later.set(high, 4);
      return later;
    });
    const beyondSpi = [...mutations(esp, 1, stage.random)].filter((changed) => readU32(changed, 0) === readU32(esp, 0));
    return [...beyondSpi, ...highBits].map((changed) => ({ packet: withPayload(one, changed), to: HUB }));
  });
  const byIcv = assertHarmless(stage, fresh, /^plane (integrity-failed|replayed|too-old)$/);
  assert.ok((byIcv['plane integrity-failed'] ?? 0) > 100, JSON.stringify(byIcv));
  const cut = held.flatMap((one) =>
    [...truncations(payloadOf(one), 1)].map((changed) => ({ packet: withPayload(one, changed), to: HUB })),
  );
  assertHarmless(stage, cut, /^plane (bad-length|unknown-spi|integrity-failed)$/);
  const arrived = espBetween(stage)
    .filter((one) => !held.includes(one))
    .slice(-60);
  const replayed = assertHarmless(
    stage,
    arrived.map((one) => ({ packet: one.packet, to: to(one) })),
    /^plane (replayed|too-old)$/,
  );
  assert.equal(sum(replayed), arrived.length);
  assertPings(stage);
});

test('the whole conversation comes again, in order, backwards, an hour later and from elsewhere', () => {
  const stage = convergedStage();
  const conversation = [...ikeBetween(stage).filter((one) => !isInitRequest(one)), ...espBetween(stage)];
  const again = (packets: readonly Seen[]): Attack => packets.map((one) => ({ packet: one.packet, to: to(one) }));
  const reasons =
    /^(plane (replayed|too-old)|ike (request-repeated|unexpected-response|not-encrypted|message-id-outside-window|unknown-ike-spi))$/;
  assertHarmless(stage, again(conversation), reasons);
  assertHarmless(stage, again([...conversation].reverse()), reasons);
  const spoofed = conversation.map((one) => ({
    packet: withPayload(one, payloadOf(one), address('10.0.0.77')),
    to: to(one),
  }));
  assertHarmless(stage, spoofed, reasons);
  settle(stage, 3_600_000);
  assertHarmless(stage, again(conversation), reasons);
  assertPings(stage);
});

test('an IKE_SA_INIT request that comes again is recognised and not answered', () => {
  const stage = convergedStage();
  const [request] = ikeBetween(stage).filter(isInitRequest);
  assert.ok(request);
  const counted = assertHarmless(
    stage,
    [request, request, request].map(({ packet }) => ({ packet, to: HUB })),
    /^ike /,
  );
  assert.deepEqual(counted, { 'ike request-repeated': 3 });
});
