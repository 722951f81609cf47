/**
 * Every show command over the converged example: text and JSON held to golden files, the JSON to its published schema,
 * both searched for secrets. WRITE_GOLDENS=1 rewrites goldens and schemas.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ask, assertPings, converge, openScenario, runPings } from '../../../lab/scenarios/scenario.ts';
import { at, IpAddress } from '../../base/index.ts';
import { doctorSchema } from '../../cli/doctor.ts';
import { explainMtuSchema } from '../../cli/explain-mtu.ts';
import { hostFileSchema } from '../../cli/host-file-schema.ts';
import { labDocument } from '../../cli/lab-document.ts';
import { labRunSchema } from '../../cli/lab-run-schema.ts';
import { statusSchema } from '../../cli/run-service.ts';
import { rowsOf } from '../commands/index.ts';
import { reloadSchema } from '../control/index.ts';
import { eventSchema } from '../syslog/index.ts';
import { type Published, schemaDocument } from './schema.ts';
import { VERSION } from './version.ts';

const here = dirname(fileURLToPath(import.meta.url));
const goldens = join(here, '../goldens');
const root = join(here, '../../..');
const schemas = join(root, 'docs/schema');
const isWriting = process.env['WRITE_GOLDENS'] === '1';

const scenario = openScenario('examples/hub-and-spoke/topology.yaml');
converge(scenario);
assertPings(scenario);
ask(scenario, 'spoke2', 'capture V interface VTI buffer 1534 match tcp host 172.16.1.9 any eq bgp');
// A while later: ages and counters show something.
scenario.lab.run({ until: at(75_000) });

/** Commands with the pattern of the row that answers them. */
const commands = [
  ['spoke1', 'show crypto ca certificates', ''],
  ['spoke1', 'show crypto ca trustpoints', ''],
  ['spoke1', 'show crypto ikev2 sa', ''],
  ['hub1', 'show crypto ikev2 sa detail', ''],
  ['hub1', 'show crypto isakmp sa', ''],
  ['spoke1', 'show crypto isakmp sa detail', ''],
  ['hub1', 'show crypto ikev2 stats', ''],
  ['spoke1', 'show crypto ipsec sa', ''],
  ['hub1', 'show crypto ipsec sa detail', ''],
  ['hub1', 'show crypto ipsec sa peer 10.0.0.1', 'show crypto ipsec sa peer <address>'],
  ['spoke1', 'show crypto ipsec sa peer 10.0.0.253 detail', 'show crypto ipsec sa peer <address> detail'],
  ['hub1', 'show crypto ipsec sa summary', ''],
  ['hub1', 'show crypto ipsec stats', ''],
  ['spoke1', 'show crypto protocol statistics ikev2', ''],
  ['spoke1', 'show crypto protocol statistics ipsec', ''],
  ['spoke1', 'show vpn-sessiondb l2l', ''],
  ['hub1', 'show vpn-sessiondb detail l2l', ''],
  ['hub1', 'show vpn-sessiondb', ''],
  ['spoke1', 'show vpn-sessiondb summary', ''],
  ['spoke1', 'show conn', ''],
  ['spoke1', 'show conn detail', ''],
  ['hub1', 'show conn count', ''],
  ['hub1', 'show service-policy', ''],
  ['spoke1', 'show service-policy global', ''],
  ['spoke1', 'show service-policy interface outside', 'show service-policy interface <name>'],
  ['spoke1', 'show bgp summary', ''],
  ['hub1', 'show bgp', ''],
  ['spoke1', 'show bgp 10.1.2.0/24', 'show bgp <prefix>'],
  ['spoke1', 'show bgp 10.250.0.0 255.255.255.0', 'show bgp <prefix> <mask>'],
  ['spoke1', 'show bgp neighbors', ''],
  ['hub1', 'show bgp neighbors 172.16.1.5', 'show bgp neighbors <address>'],
  ['hub1', 'show bgp neighbors 172.16.1.5 routes', 'show bgp neighbors <address> routes'],
  ['hub1', 'show bgp neighbors 172.16.1.5 advertised-routes', 'show bgp neighbors <address> advertised-routes'],
  ['hub1', 'show bgp neighbors 172.16.1.5 received-routes', 'show bgp neighbors <address> received-routes'],
  ['hub1', 'show bgp neighbors 2001:db8:172::5 routes', 'show bgp neighbors <address> routes'],
  ...(['ipv4', 'ipv6'] as const).flatMap((family) => {
    const start = `show bgp ${family} unicast`;
    const [prefix, neighbor] =
      family === 'ipv4' ? ['10.1.1.0/24', '172.16.1.5'] : ['2001:db8:1:1::/64', '2001:db8:172::5'];
    return [
      ['hub1', start, ''],
      ['hub1', `${start} ${prefix}`, `${start} <prefix>`],
      ...(family === 'ipv4' ? [['hub1', `${start} 10.1.1.7 255.255.255.0`, `${start} <prefix> <mask>`]] : []),
      ['hub1', `${start} summary`, ''],
      ['hub1', `${start} neighbors`, ''],
      ['hub1', `${start} neighbors ${neighbor}`, `${start} neighbors <address>`],
      ...['routes', 'advertised-routes', 'received-routes'].map((view) => [
        'hub1',
        `${start} neighbors ${neighbor} ${view}`,
        `${start} neighbors <address> ${view}`,
      ]),
    ];
  }),
  ['spoke1', 'show route', ''],
  ['hub1', 'show route', ''],
  ['spoke1', 'show ipv6 route', ''],
  ['hub1', 'show interface', ''],
  ['spoke1', 'show interface Tunnel1', 'show interface <name>'],
  ['hub1', 'show interface ip brief', ''],
  ['hub1', 'show ip address', ''],
  ['hub1', 'show nameif', ''],
  ['spoke1', 'show running-config', 'show running-config ...'],
  ['spoke1', 'show running-config all', 'show running-config ...'],
  ['hub1', 'show running-config tunnel-group', 'show running-config ...'],
  ['spoke1', 'show logging', ''],
  ['hub1', 'show version', ''],
  ['hub1', 'show clock', ''],
  ['hub1', 'show capture', ''],
  ['spoke2', 'show capture', ''],
  ['spoke2', 'show capture V', 'show capture <name>'],
  ['spoke2', 'show capture V detail', 'show capture <name> detail'],
  ['spoke2', 'show capture V dump', 'show capture <name> dump'],
  ['spoke1', 'show debug', ''],
  ['spoke1', 'show tech-support', ''],
].map(([device = '', command = '', pattern = '']) => ({
  device,
  command,
  pattern: pattern === '' ? command : pattern,
}));

const ajv = new Ajv2020({
  strictTypes: false,
  allErrors: true,
  formats: {
    ipv4: (text: string) => IpAddress.parse(text)?.family === 4,
    ipv6: (text: string) => IpAddress.parse(text)?.family === 6,
  },
});

function assertValid(published: Published, value: unknown): void {
  const document = schemaDocument(published);
  assert.ok(typeof document === 'object' && document !== null);
  const validate = ajv.getSchema(`urn:wheelwright:schema:${published.name}`) ?? ajv.compile(document);
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 2));
}

function assertGolden(file: string, text: string): void {
  if (isWriting) writeFileSync(file, text);
  assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '(no golden)');
}

for (const { device, command, pattern } of commands) {
  const name = join(goldens, `${device} ${command}`.replaceAll('/', '_').replaceAll(/[ :]/g, '-'));

  test(`${device}# ${command}`, () => {
    const row = rowsOf.asa.find((one) => one.pattern === pattern);
    assert.ok(row?.schema !== undefined, `no row or no schema for '${pattern}'`);
    const text = ask(scenario, device, command);
    assert.doesNotMatch(text, /^ERROR/m);
    assertGolden(`${name}.txt`, text);
    const json = ask(scenario, device, `${command} | json`);
    const value: unknown = JSON.parse(json);
    assertValid(row.schema, value);
    // The parts of this one have goldens of their own.
    if (command !== 'show tech-support') assertGolden(`${name}.json`, json);
  });
}

test('every show command is tried here', () => {
  const tried = new Set(commands.map(({ pattern }) => pattern));
  const missing = rowsOf.asa.map(({ pattern }) => pattern).filter((pattern) => pattern.startsWith('show '));
  assert.deepEqual(
    missing.filter((pattern) => !tried.has(pattern)),
    [],
  );
});

test('every golden belongs to a command', () => {
  const names = new Set(
    commands.flatMap(({ device, command }) => {
      const name = `${device} ${command}`.replaceAll('/', '_').replaceAll(/[ :]/g, '-');
      return [`${name}.txt`, `${name}.json`];
    }),
  );
  assert.deepEqual(
    readdirSync(goldens).filter((file) => !names.has(file)),
    [],
  );
});

const published = new Map<string, Published>(
  [
    ...[...rowsOf.asa, ...rowsOf.iosxe].flatMap(({ schema }) => schema ?? []),
    labRunSchema,
    eventSchema,
    statusSchema,
    reloadSchema,
    doctorSchema,
    explainMtuSchema,
    hostFileSchema,
  ].map((one) => [one.name, one]),
);

test('docs/schema holds the schemas of all values and nothing else', () => {
  if (isWriting) mkdirSync(schemas, { recursive: true });
  for (const one of published.values()) {
    assertGolden(join(schemas, `${one.name}.schema.json`), `${JSON.stringify(schemaDocument(one), null, 2)}\n`);
  }
  assert.deepEqual(
    readdirSync(schemas)
      .filter((file) => file.endsWith('.json'))
      .sort(),
    [...published.keys()].map((name) => `${name}.schema.json`).sort(),
  );
});

test('parts of tech-support are valid by their own schemas', () => {
  const { parts } = JSON.parse(ask(scenario, 'hub1', 'show tech-support | json')) as {
    parts: { command: string; schema: string; value: unknown }[];
  };
  assert.ok(parts.length > 20);
  for (const { command, schema, value } of parts) {
    const one = published.get(schema);
    assert.ok(one !== undefined, command);
    assertValid(one, value);
  }
});

test('the document of lab run --json is valid', () => {
  const other = openScenario('examples/hub-and-spoke/topology.yaml');
  const early = labDocument(other.lab, { converged: false, reasons: ['not yet'], pings: [] });
  assertValid(labRunSchema, JSON.parse(JSON.stringify(early)));
  converge(other);
  const pings = runPings(other);
  const document = labDocument(other.lab, { converged: true, convergedAtMs: other.lab.now, reasons: [], pings });
  assertValid(labRunSchema, JSON.parse(JSON.stringify(document)));
});

test('no key appears in any text or value', () => {
  const configured = ['hub1', 'hub2', 'spoke1', 'spoke2'].flatMap((device) => {
    const text = readFileSync(join(root, 'examples/hub-and-spoke', `${device}.cfg`), 'utf8');
    return [...text.matchAll(/pre-shared-key (\S+)/g)].map(([, key = '']) => key);
  });
  assert.ok(configured.length >= 12, String(configured.length));
  const negotiated = [scenario.keys.espSa, scenario.keys.ikev2DecryptionTable].flatMap((table) =>
    [...table.matchAll(/[0-9a-fA-F]{32,}/g)].map(([key]) => key),
  );
  assert.ok(negotiated.length >= 32, String(negotiated.length));
  const forms = configured.flatMap((key) => {
    const bytes = Buffer.from(key);
    return [key, bytes.toString('hex'), bytes.toString('base64')];
  });
  const secrets = [...forms, ...negotiated].map((secret) => secret.toLowerCase());
  for (const device of ['hub1', 'hub2', 'spoke1', 'spoke2']) {
    for (const command of new Set(commands.map((one) => one.command))) {
      for (const end of ['', ' | json']) {
        const text = ask(scenario, device, `${command}${end}`).toLowerCase();
        const found = secrets.find((secret) => text.includes(secret));
        assert.equal(found, undefined, `${device}# ${command}${end}`);
      }
    }
  }
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(VERSION, version);
});
