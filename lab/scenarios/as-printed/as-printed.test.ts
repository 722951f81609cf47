import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLab } from '../../../src/cli/open-lab.ts';
import { ask, assertPings, converge, openScenario, snapshot } from '../scenario.ts';

test("the document's spoke text, damage included, is read, reported and runs", () => {
  const scenario = openScenario('examples/hub-and-spoke-as-printed/topology.yaml');
  const said = scenario.said.join('\n');
  assert.match(said, /spoke\.cfg:\d+:1: warning/);
  assert.match(said, /route VTI 172\.16\.1\.253 255\.255\.255\.255 172\.16\.1\.253 1/);
  assert.match(said, /route VTI2 172\.16\.1\.254 255\.255\.255\.255 172\.16\.1\.254 1/);
  assert.doesNotMatch(said, /pre-shared-key cisco/);
  converge(scenario);
  assertPings(scenario);
  assert.equal(snapshot(scenario, 'spoke').bgp?.neighbors[0]?.remoteAsn, 65_000);
  assert.match(ask(scenario, 'spoke', 'show route'), /^B +10\.250\.0\.0 255\.255\.255\.0 \[200\/0\]/m);
  assert.match(ask(scenario, 'spoke', 'show bgpsummary'), /show bgp summary/);
});

test('of the document with the ASA and the ASR, printed with its names stripped, nothing half starts', () => {
  const files = new Map([
    ['printed.yaml', PRINTED],
    ['asa.cfg', printed('asa/goldens/seed-asa-to-asr.conf')],
    ['asr.cfg', printed('iosxe/goldens/seed-asr.conf')],
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'as-printed-'));
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    const said: string[] = [];
    assert.equal(
      openLab(join(folder, 'printed.yaml'), 1, (text) => said.push(text)),
      undefined,
    );
    const all = said.join('\n');
    for (const finding of [
      /asa\.cfg:5:1: warning: tcp-map TCP_MD5_ALLOW is empty/,
      /asa\.cfg:7:1: warning: policy-map global_policy holds nowhere: no service-policy/,
      /asa\.cfg:29:1: warning: this group policy is bound to nothing/,
      /asa\.cfg:33:19: error:/,
      /asr\.cfg:14:2: warning: peer `ASA-IFW02` has no address/,
      /asr\.cfg:24:2: warning: keyring `KR_IKEV2_DC` is not defined/,
      /14 errors; nothing was started/,
    ])
      assert.match(all, finding);
    assert.doesNotMatch(all, /my_strong_password/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const PRINTED = `topology:
  nodes:
    asa: { kind: asa, startup-config: asa.cfg }
    asr: { kind: iosxe, startup-config: asr.cfg }
`;

function printed(path: string): string {
  return readFileSync(new URL(`../../../src/config/${path}`, import.meta.url), 'utf8');
}
