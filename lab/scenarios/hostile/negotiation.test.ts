/** Forged IKE during negotiation, and floods: what nobody has authenticated may delay, and not prevent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, concat, IpAddress, Writer } from '../../../src/base/index.ts';
import { buildIp, buildUdp, Protocol } from '../../../src/ip/index.ts';
import { GatewayNode, isConverged, type Lab, whyNotConverged } from '../../../src/lab/index.ts';
import { address, assertPings, converge, type Scenario } from '../scenario.ts';
import {
  assertState,
  convergedStage,
  faultsOf,
  faultsSince,
  openStage,
  payloadOf,
  type Seen,
  type Stage,
  settle,
  stateOf,
  sum,
  withPayload,
} from './stage.ts';

const HUB = '10.0.0.253';
const SPOKE = '10.0.0.1';
const IKE_SA_INIT = 34;
const IKE_AUTH = 35;
const CREATE_CHILD_SA = 36;
const INFORMATIONAL = 37;
const RESPONSE = 0x20;
const INITIATOR = 0x08;

const NOTIFY = 41;
const DELETE = 42;

/** An IKE message in clear: header, and payloads as (type, body). */
function ikeMessage(
  spis: Uint8Array,
  exchange: number,
  flags: number,
  messageId: number,
  payloads: readonly Readonly<{ type: number; body: Uint8Array }>[],
): Uint8Array {
  const body = concat(
    ...payloads.map((payload, index) => {
      const next = payloads[index + 1]?.type ?? 0;
      return concat(
        new Writer(4)
          .u8(next)
          .u8(0)
          .u16(4 + payload.body.length)
          .finish(),
        payload.body,
      );
    }),
  );
  const head = new Writer(12)
    .u8(payloads[0]?.type ?? 0)
    .u8(0x20)
    .u8(exchange)
    .u8(flags)
    .u32(messageId)
    .u32(28 + body.length);
  return concat(spis, head.finish(), body);
}

function notifyPayload(
  type: number,
  data: Uint8Array = new Uint8Array(0),
): Readonly<{ type: number; body: Uint8Array }> {
  return { type: NOTIFY, body: concat(new Writer(4).u8(0).u8(0).u16(type).finish(), data) };
}

/** UDP from port 500 to port 500 in an IPv4 packet. */
function datagram(source: string | IpAddress, destination: string, payload: Uint8Array, port = 500): Uint8Array {
  const from = typeof source === 'string' ? address(source) : source;
  const to = address(destination);
  const udp = buildUdp({ address: from, port }, { address: to, port }, payload);
  return buildIp({ source: from, destination: to, protocol: Protocol.UDP }, udp);
}

const isIke = ({ header }: Seen, exchange: number, isResponse: boolean, payload: Uint8Array): boolean =>
  header.protocol === Protocol.UDP &&
  payload[18] === exchange &&
  (((payload[19] ?? 0) & RESPONSE) !== 0) === isResponse;

const ERRORS = [1, 4, 5, 7, 9, 11, 14, 24, 34, 35, 36, 37, 38, 43, 44, 8191, 40_000];

test('forged error notifies that win every race do not prevent convergence', () => {
  const stage = openStage();
  let forged = 0;
  stage.filter.pass = (one) => {
    if (one.header.protocol !== Protocol.UDP) return true;
    const payload = payloadOf(one);
    const exchange = payload[18] ?? 0;
    const isRequest = ((payload[19] ?? 0) & RESPONSE) === 0;
    if (!isRequest || (exchange !== IKE_SA_INIT && exchange !== IKE_AUTH)) return true;
    const { source, destination } = one.header;
    for (const type of ERRORS) {
      const spis = payload.slice(0, 16);
      const messageId = exchange === IKE_AUTH ? 1 : 0;
      const message = ikeMessage(spis, exchange, RESPONSE, messageId, [notifyPayload(type)]);
      stage.inject(datagram(destination, `${source}`, message), source);
      forged++;
    }
    return true;
  };
  converge(stage, 10_000);
  assert.ok(forged >= 8 * ERRORS.length);
  assert.ok((faultsOf(stage, 'spoke1').get('ike unauthenticated-refusal') ?? 0) > 0);
  stage.filter.pass = () => true;
  assertPings(stage);
});

test('forged cookies and demands for other groups delay an attempt at most', () => {
  const stage = openStage();
  const until = after(stage.lab.now, 5000);
  stage.filter.pass = (one) => {
    const payload = one.header.protocol === Protocol.UDP ? payloadOf(one) : undefined;
    if (payload === undefined || !isIke(one, IKE_SA_INIT, false, payload) || stage.lab.now > until) return true;
    const { source, destination } = one.header;
    const forge = (type: number, data: Uint8Array): void => {
      const message = ikeMessage(payload.slice(0, 16), IKE_SA_INIT, RESPONSE, 0, [notifyPayload(type, data)]);
      stage.inject(datagram(destination, `${source}`, message), source);
    };
    forge(16390, stage.random(32));
    forge(17, Uint8Array.of(0, 14));
    forge(17, Uint8Array.of(0, 19));
    forge(17, stage.random(2));
    return true;
  };
  converge(stage, 60_000);
  settle(stage, 1000);
  assertPings(stage);
});

test('deletes, errors and requests in clear, and such that are sealed with nonsense, leave the SAs alone', () => {
  const stage = convergedStage();
  const state = stateOf(stage);
  const before = new Map(['hub1', 'spoke1'].map((name) => [name, faultsOf(stage, name)]));
  const [auth] = stage.seen.filter((one) => {
    const isHub = one.header.protocol === Protocol.UDP && `${one.header.destination}` === HUB;
    return isHub && `${one.header.source}` === SPOKE && isIke(one, IKE_AUTH, false, payloadOf(one));
  });
  assert.ok(auth);
  const spis = payloadOf(auth).slice(0, 16);
  const remove = { type: DELETE, body: Uint8Array.of(1, 0, 0, 0) };
  const sent = { hub1: 0, spoke1: 0 };
  for (let messageId = 0; messageId < 8; messageId++) {
    for (const exchange of [IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL]) {
      for (const flags of [0, RESPONSE]) {
        for (const payload of [remove, notifyPayload(24), { type: 46, body: stage.random(64) }]) {
          const toHub = ikeMessage(spis, exchange, flags | INITIATOR, messageId, [payload]);
          stage.inject(datagram(SPOKE, HUB, toHub), HUB);
          const toSpoke = ikeMessage(spis, exchange, flags, messageId, [payload]);
          stage.inject(datagram(HUB, SPOKE, toSpoke), SPOKE);
          sent.hub1++;
          sent.spoke1++;
        }
      }
    }
  }
  settle(stage, 500);
  assertState(stage, state);
  for (const [name, count] of Object.entries(sent)) {
    const counted = faultsSince(stage, name, before.get(name) ?? new Map());
    assert.equal(sum(counted), count, `${name}: ${JSON.stringify(counted)}`);
    assert.ok((counted['ike integrity-failed'] ?? 0) + (counted['ike not-encrypted'] ?? 0) > count / 2);
  }
  assertPings(stage);
});

function halfOpen({ lab }: Scenario, name: string): number {
  return (
    lab
      .node(name, GatewayNode)
      .snapshot(lab.now)
      ?.ike.sas.filter((sa) => sa.status === 'negotiating').length ?? 0
  );
}

/** Calls `act` so many times a second until it says false. */
function steadily(lab: Lab, perSecond: number, act: () => boolean): void {
  const next = (now: typeof lab.now): void => {
    if (act()) lab.at(after(now, 1000 / perSecond), next);
  };
  lab.at(lab.now, next);
}

/** A genuine IKE_SA_INIT request made another one: other SPI and nonce, from another address. */
function freshInit(stage: Stage, request: Seen): Uint8Array {
  const payload = payloadOf(request);
  payload.set(stage.random(8), 0);
  // The last payloads are the NAT notifies and, before them, the nonce: any other bytes of it are as good.
  const at = payload.length - 2 * 28 - 16;
  payload.set(stage.random(8), at);
  const source = IpAddress.fromBytes(concat(Uint8Array.of(198, 18), stage.random(2)));
  assert.ok(source);
  return withPayload(request, payload, source);
}

test('a flood of forged IKE_SA_INIT requests fills no more than the limit, and a spoke still gets in', () => {
  const stage = convergedStage();
  const { lab } = stage;
  const [request] = stage.seen.filter((one) => {
    const isHub = one.header.protocol === Protocol.UDP && `${one.header.destination}` === HUB;
    return isHub && `${one.header.source}` === SPOKE && isIke(one, IKE_SA_INIT, false, payloadOf(one));
  });
  assert.ok(request);
  const node = lab.node('hub1', GatewayNode);
  // A low limit, so that the flood is a short one.
  node.configure({ ...node.model, maxHalfOpen: 40, cookieChallengePercent: 50 }, lab.now);
  settle(stage, 100);
  const before = faultsOf(stage, 'hub1');
  let isOn = true;
  let sent = 0;
  let most = 0;
  steadily(lab, 100, () => {
    stage.inject(freshInit(stage, request), HUB);
    sent++;
    most = Math.max(most, halfOpen(stage, 'hub1'));
    return isOn;
  });
  settle(stage, 2000);
  lab.powerOff('spoke1');
  settle(stage, 1000);
  lab.powerOn('spoke1');
  const { gateways } = stage;
  const reached = lab.run({ until: () => isConverged(gateways, lab.now), limit: after(lab.now, 40_000), everyMs: 50 });
  assert.ok(reached, whyNotConverged(gateways, lab.now).join('\n'));
  isOn = false;
  settle(stage, 100);
  const counted = faultsSince(stage, 'hub1', before);
  assert.ok(most >= 20 && most <= 21, `${most} half open`);
  const refused = counted['ike cookie-required'] ?? 0;
  assert.ok(refused >= sent - 60 && refused <= sent, `${refused} of ${sent} were asked for a cookie`);
  assert.ok((faultsOf(stage, 'spoke1').get('ike ike-sa-init-restarted') ?? 0) >= 1, 'the spoke showed its cookie');
  settle(stage, 40_000);
  assert.equal(halfOpen(stage, 'hub1'), 0);
  assertPings(stage);
});
