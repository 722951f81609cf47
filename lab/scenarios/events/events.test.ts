/** Events of a fabric that loses a hub, a link and a configuration: their causes, their syslog, their JSON. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { after, type Endpoint, fromUtf8 } from '../../../src/base/index.ts';
import { openLab } from '../../../src/cli/open-lab.ts';
import { loadAsa } from '../../../src/config/index.ts';
import { syslog } from '../../../src/console/index.ts';
import type { GatewayLogEvent } from '../../../src/gateway/index.ts';
import type { Cause } from '../../../src/ike/index.ts';
import { GatewayNode, HostNode, LAB_EPOCH_MS } from '../../../src/lab/index.ts';
import { converge, type Scenario } from '../scenario.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const example = join(root, 'examples/hub-and-spoke');

type Told = Readonly<{ device: string; event: GatewayLogEvent }>;
type Stage = Scenario & Readonly<{ told: Told[]; of: (device: string, code: string) => readonly GatewayLogEvent[] }>;

function openStage(): Stage {
  const told: Told[] = [];
  const said: string[] = [];
  const opened = openLab(
    join(example, 'topology.yaml'),
    1,
    (text) => said.push(text),
    (device, event) => told.push({ device, event }),
  );
  assert.ok(opened, said.join('\n'));
  const of = (device: string, code: string): readonly GatewayLogEvent[] =>
    told.filter((one) => one.device === device && one.event.code === code).map(({ event }) => event);
  const { lab, keys } = opened;
  return { lab, keys, said, gateways: lab.nodes(GatewayNode), told, of };
}

/** Codes of a chain, the nearest cause first. */
function codes(cause: Cause | undefined): readonly string[] {
  return syslog.causes(cause).map(({ code }) => code);
}

/** Runs other lines in a spoke that runs already. */
function addLines({ lab }: Scenario, device: string, ...lines: readonly string[]): void {
  const text = readFileSync(join(example, `${device}.cfg`), 'utf8');
  const { model, diagnostics } = loadAsa(`${text}${lines.join('\n')}\n`, `${device}.cfg`);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  lab.node(device, GatewayNode).configure(model, lab.now);
}

function withdrawn(stage: Stage, device: string, prefix: string): GatewayLogEvent {
  const found = stage.of(device, 'route-withdrawn').find(({ subject }) => subject === prefix);
  assert.ok(found, `${prefix} was withdrawn on ${device}`);
  return found;
}

const TO_SILENCE = ['line-down', 'child-sa-down', 'ike-sa-down', 'peer-dead', 'liveness-failed'];

test('a hub is switched off: line, route and BGP session of the spoke go down because it does not answer', () => {
  const stage = openStage();
  const { lab, told } = stage;
  converge(stage);
  told.length = 0;
  lab.powerOff('hub1');
  lab.run({ until: after(lab.now, 180_000) });

  const [down] = stage.of('spoke1', 'line-down');
  assert.deepEqual(down?.details, { kind: 'line', interface: 'Tunnel1', alias: 'VTI', up: false });
  assert.deepEqual(codes(down?.cause), TO_SILENCE.slice(1));
  assert.deepEqual(codes(withdrawn(stage, 'spoke1', '172.16.1.253/32').cause), TO_SILENCE);

  // The hold timer is shorter than the patience of IKE: BGP finds out by itself.
  const [session] = stage.of('spoke1', 'bgp-neighbor-down');
  assert.equal(session?.subject, '172.16.1.253');
  assert.match(session?.cause?.text ?? '', /hold time expired/);
  const route = withdrawn(stage, 'spoke1', '10.250.0.0/24');
  assert.deepEqual(codes(route.cause), ['bgp-neighbor-down', 'notification-sent']);
  assert.equal(route.details?.kind === 'route' && route.details.source, 'bgp');
});

test('the hub deletes its SAs and stays away: BGP and its routes go down with the line, and say so', () => {
  const stage = openStage();
  const { lab } = stage;
  converge(stage);
  stage.told.length = 0;
  addLines(stage, 'hub1', 'no tunnel-group 10.0.0.1');
  lab.run({ until: after(lab.now, 20_000) });
  const chain = ['line-down', 'child-sa-down', 'ike-sa-down', 'peer-deleted'];
  assert.deepEqual(codes(withdrawn(stage, 'spoke1', '10.250.0.0/24').cause), chain);
  const [session] = stage.of('spoke1', 'bgp-neighbor-down');
  assert.deepEqual(codes(session?.cause), ['notification-sent', ...chain]);
  const [own] = stage.of('hub1', 'line-down');
  assert.deepEqual(codes(own?.cause), ['child-sa-down', 'ike-sa-down', 'configuration-changed']);
});

test('a link is lost: all that the spoke loses goes back to it', () => {
  const stage = openStage();
  converge(stage);
  stage.told.length = 0;
  stage.lab.setLink('hub1-inside', false);
  stage.lab.run({ until: after(stage.lab.now, 3000) });
  const [down] = stage.of('hub1', 'line-down');
  assert.equal(down?.subject, 'GigabitEthernet0/1');
  assert.deepEqual(codes(down?.cause), ['carrier-lost']);
  assert.deepEqual(codes(withdrawn(stage, 'spoke1', '10.250.0.0/24').cause), ['bgp-withdrew']);
});

test('a key is wrong: both ends say which side refused, the responder what for', () => {
  const stage = openStage();
  const { lab } = stage;
  converge(stage);
  stage.told.length = 0;
  addLines(
    stage,
    'spoke1',
    'tunnel-group 10.0.0.253 ipsec-attributes',
    ' ikev2 local-authentication pre-shared-key x9-odd',
  );
  lab.run({ until: after(lab.now, 5000) });
  const [asked] = stage.of('spoke1', 'ike-failed');
  assert.deepEqual([asked?.cause?.code, asked?.cause?.from], ['authentication-failed', 'peer']);
  const [refused] = stage.of('hub1', 'ike-failed');
  assert.deepEqual([refused?.cause?.code, refused?.cause?.from], ['authentication-failed', undefined]);
  assert.match(refused?.cause?.text ?? '', /does not know the key expected of it/);
  const tunnel = lab
    .node('spoke1', GatewayNode)
    .snapshot(lab.now)
    ?.interfaces.find(({ name }) => name === 'Tunnel1')?.tunnel;
  assert.match(tunnel?.downReason ?? '', /AUTHENTICATION_FAILED/);
});

for (const structured of [false, true]) {
  test(`a log host receives ${structured ? 'RFC 5424' : "an ASA's syslog"} at its level`, () => {
    const stage = openStage();
    const { lab } = stage;
    converge(stage);
    const received: Readonly<{ text: string; from: Endpoint }>[] = [];
    lab.node('lan1', HostNode).onUdp(514, (payload, from) => received.push({ text: fromUtf8(payload), from }));
    const form = structured ? ' rfc5424' : '';
    const lines = [
      'logging enable',
      `logging timestamp${form}`,
      'logging trap notifications',
      'logging host inside 10.1.1.10',
    ];
    addLines(stage, 'spoke1', ...lines);
    lab.powerOff('hub1');
    lab.run({ until: after(lab.now, 120_000) });

    assert.ok(received.length > 3);
    for (const { from } of received) assert.deepEqual([from.address.toString(), from.port], ['10.1.1.1', 514]);
    const shape = structured
      ? /^<16[0-5]>1 2026-01-01T00:\d\d:\d\d\.\d{3}Z spoke1 wheelwright - \S+ (\[\S+( \w+="([^"\\\]]|\\.)*")*\])+ %\S+-[0-5]-\w+: /
      : /^<16[0-5]>Jan 01 2026 00:\d\d:\d\d: %(ASA|WHEELWRIGHT)-[0-5]-\w+: /;
    for (const { text } of received) assert.match(text, shape);
    const texts = received.map(({ text }) => text).join('\n');
    assert.match(texts, /%ASA-4-411002: Line protocol on Interface Tunnel1, changed state to down$/m);
    assert.match(
      texts,
      /%ASA-5-750007: Local:10\.0\.0\.1:500 Remote:10\.0\.0\.253:500 Username:10\.0\.0\.253 IKEv2 SA DOWN\. Reason: peer lost$/m,
    );
    assert.match(
      texts,
      /%ASA-4-113019: Group = 10\.0\.0\.253, .* Bytes xmt: [1-9]\d*, Bytes rcv: [1-9]\d*, Reason: Lost Service$/m,
    );
    assert.match(texts, /%ASA-5-418018: neighbor 172\.16\.1\.253 Down /);
    if (structured) assert.match(texts, /\[event@32473 code="line-down" subject="Tunnel1"\].*code="liveness-failed"/);
  });
}

test('every event fits the published schema and holds no key', () => {
  const stage = openStage();
  const { lab } = stage;
  converge(stage);
  addLines(stage, 'spoke2', 'no tunnel-group 10.0.0.254 type ipsec-l2l');
  lab.powerOff('hub1');
  lab.run({ until: after(lab.now, 60_000) });
  const schema: unknown = JSON.parse(readFileSync(join(root, 'docs/schema/event.schema.json'), 'utf8'));
  const fits = new Ajv2020({ strict: false }).compile(schema as object);
  const texts: string[] = [];
  for (const { device, event } of stage.told) {
    const document = JSON.parse(JSON.stringify(syslog.eventDocument(device, event, LAB_EPOCH_MS))) as unknown;
    assert.ok(fits(document), JSON.stringify([document, fits.errors]));
    texts.push(JSON.stringify(document), inspect(event, { depth: 9 }));
  }
  const keys = new Set<string>();
  for (const device of ['hub1', 'hub2', 'spoke1', 'spoke2']) {
    const configuration = readFileSync(join(example, `${device}.cfg`), 'utf8');
    for (const [, key = ''] of configuration.matchAll(/(?:pre-shared-key|password) (\S+)/g)) keys.add(key);
  }
  assert.ok(keys.size >= 4 && texts.length > 100);
  const all = texts.join('\n');
  for (const key of keys) assert.ok(!all.includes(key), 'a key is shown');
});
