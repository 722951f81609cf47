/** Values fit their schemas, and no command fails, in every state a device can be in: not only when all is well. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ask, converge, openScenario, type Scenario } from '../../../lab/scenarios/scenario.ts';
import { after } from '../../base/index.ts';
import { rowsOf } from '../commands/index.ts';
import { schemaDocument } from './schema.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

const ajv = new Ajv2020({ strictTypes: false, validateFormats: false });
const shows = rowsOf.asa.flatMap(({ pattern, schema }) => {
  if (schema === undefined) return [];
  const document = schemaDocument(schema);
  assert.ok(typeof document === 'object' && document !== null);
  const validate = ajv.getSchema(`urn:wheelwright:schema:${schema.name}`) ?? ajv.compile(document);
  return [{ pattern, validate }];
});

function assertAllValid(scenario: Scenario, moment: string): void {
  for (const { name } of scenario.gateways) {
    // It is called as an interface is, because that is what is asked for below.
    ask(scenario, name, 'capture outside');
    for (const { pattern, validate } of shows) {
      const command = pattern
        .replace(' ...', '')
        .replace('<address>', '10.0.0.1')
        .replace('<prefix>', '10.0.0.0')
        .replace('<mask>', '255.0.0.0')
        .replace('<name>', 'outside');
      const text = ask(scenario, name, `${command} | json`);
      if (text === `${name} is switched off\n`) continue;
      assert.doesNotMatch(text, /^ERROR/, `${moment}: ${name}# ${command}`);
      assert.ok(validate(JSON.parse(text)), `${moment}: ${name}# ${command}: ${JSON.stringify(validate.errors)}`);
    }
  }
}

function pass(scenario: Scenario, ms: number): void {
  scenario.lab.run({ until: after(scenario.lab.now, ms) });
}

test('while it comes up, breaks and comes back', () => {
  const scenario = openScenario('examples/hub-and-spoke/topology.yaml');
  for (const ms of [1, 10, 15, 10, 100, 200]) {
    pass(scenario, ms);
    assertAllValid(scenario, `${scenario.lab.now} ms`);
  }
  converge(scenario);
  scenario.lab.powerOff('hub1');
  for (const ms of [5_000, 20_000, 60_000]) {
    pass(scenario, ms);
    assertAllValid(scenario, `${ms} ms after hub1 went`);
  }
  scenario.lab.powerOn('hub1');
  converge(scenario, 120_000);
  ask(scenario, 'spoke1', 'clear crypto ikev2 sa');
  assertAllValid(scenario, 'right after the clear');
  converge(scenario, 120_000);
  assertAllValid(scenario, 'after the clear');
});

for (const name of ['behind-nat', 'ipv6-outside', 'as-printed']) {
  test(`with the topology ${name}`, () => {
    const path = name === 'as-printed' ? 'examples/hub-and-spoke-as-printed' : `lab/scenarios/${name}`;
    const scenario = openScenario(`${path}/topology.yaml`);
    pass(scenario, 20_000);
    assertAllValid(scenario, name);
  });
}

test('figures of a session outlive the SAs that carried it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wheelwright-'));
  try {
    const example = join(root, 'examples/hub-and-spoke');
    for (const file of readdirSync(example)) {
      const text = readFileSync(join(example, file), 'utf8');
      const profile = /^crypto ipsec profile VTI$/m;
      writeFileSync(join(folder, file), text.replace(profile, '$&\n set security-association lifetime seconds 120'));
    }
    const scenario = openScenario(relative(root, join(folder, 'topology.yaml')));
    converge(scenario);
    pass(scenario, 1_000_000);
    const { sessions } = JSON.parse(ask(scenario, 'spoke1', 'show vpn-sessiondb l2l | json')) as {
      sessions: { bytesTx: number; durationSeconds: number; children: { bytesTx: number }[] }[];
    };
    assert.equal(sessions.length, 2);
    for (const { bytesTx, durationSeconds, children } of sessions) {
      const current = children.reduce((sum, child) => sum + child.bytesTx, 0);
      assert.ok(bytesTx > 5 * current, `${bytesTx} in all, ${current} by the SAs of now`);
      assert.equal(durationSeconds, 1000);
    }
    assert.match(ask(scenario, 'spoke1', 'show crypto ipsec stats'), /^Active tunnels: \d\nPrevious tunnels: [12]\d$/m);
    assert.match(ask(scenario, 'spoke1', 'show vpn-sessiondb detail l2l'), /Duration {5}: 0h:16m:40s/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
