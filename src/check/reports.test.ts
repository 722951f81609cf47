/** What `check` prints for people and programs: places, carets, edits, SARIF's shape, baselines, and no secret in any of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generateHubSpoke } from '../lab/index.ts';
import {
  baselineText,
  Checker,
  jsonReport,
  junitReport,
  readBaseline,
  type Source,
  sarifReport,
  textReport,
  withoutKnown,
} from './index.ts';

const SECRETS = ['TopSecretOfNear', 'TopSecretOfFar'];

/** Two spokes at a hub, with a line of the first changed. */
function fabric(from = '', to = '', file = 'spoke1.cfg'): readonly Source[] {
  const { files } = generateHubSpoke({ hubs: 1, spokes: 2, hosts: 2 });
  return [...files]
    .filter(([name]) => name.endsWith('.cfg'))
    .map(([name, text]) => ({
      file: name,
      text: (name.endsWith(file) ? text.replace(from, to) : text).replaceAll(
        'pre-shared-key cisco',
        `pre-shared-key ${SECRETS[0]}`,
      ),
    }));
}

const broken = (): readonly Source[] =>
  fabric('remote-authentication pre-shared-key cisco', `remote-authentication pre-shared-key ${SECRETS[1]}`);

test('a key that differs is found at both lines, and printed in no format', () => {
  const report = new Checker().check({ sources: broken() });
  const found = report.findings.filter(({ rule }) => rule === 'key-mismatch');
  assert.equal(found.length, 1);
  assert.deepEqual(found[0]?.lines.map(({ device }) => device).sort(), ['hub1', 'spoke1']);
  const printed = [
    textReport(report, report.findings),
    JSON.stringify(jsonReport(report, report.findings)),
    JSON.stringify(sarifReport(report.findings, '0')),
    junitReport(report, report.findings, new Set(report.findings)),
    baselineText(report.findings),
  ];
  for (const text of printed) for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} is shown`);
});

test('text names file, line and column, and points with a caret', () => {
  const report = new Checker().check({ sources: fabric('encryption aes-256', 'encryption aes-192') });
  const [one] = report.findings.filter(({ rule }) => rule === 'ike-encryption-mismatch');
  assert.ok(one !== undefined, 'it is found');
  const text = textReport(report, [one]);
  assert.match(
    text,
    /^\S*spoke1\.cfg:\d+:2: error: .* \[ike-encryption-mismatch\]\n +\d+ \| {2}encryption aes-192\n +\| {2}\^\n {2}hub1: \S*hub1\.cfg/,
  );
  assert.match(text, /\n {2}edit: .*\n {6}\+ {2}encryption aes-192 aes-256\n/);
  assert.match(text, /\n1 error, 0 warnings, 0 notes in 3 devices, \d+ lines\n$/);
});

test('SARIF has what its schema requires of a run, of results, places and fixes', () => {
  const { findings } = new Checker().check({ sources: broken() });
  const log = sarifReport(findings, '1.2.3') as Sarif;
  assert.equal(log.version, '2.1.0');
  assert.equal(log.runs.length, 1);
  const [run] = log.runs;
  assert.ok(run !== undefined, 'there is a run');
  const { rules } = run.tool.driver;
  assert.equal(run.tool.driver.name, 'wheelwright');
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  assert.equal(run.results.length, findings.length);
  for (const { ruleId, ruleIndex, level, message, locations, fixes = [] } of run.results) {
    assert.equal(rules[ruleIndex]?.id, ruleId);
    assert.match(level, /^(error|warning|note)$/);
    assert.ok(message.text.length > 0, 'a message');
    for (const { physicalLocation: place } of locations) {
      assert.ok(!place.artifactLocation.uri.includes(' '), 'a URI');
      assert.ok(place.region.startLine >= 1 && place.region.startColumn >= 1, 'lines and columns count from 1');
    }
    for (const { artifactChanges } of fixes) {
      for (const { replacements } of artifactChanges) {
        for (const { deletedRegion: region } of replacements) {
          assert.ok(region.startLine >= 1 && region.endLine >= region.startLine, 'a region that runs forward');
        }
      }
    }
  }
});

type Sarif = Readonly<{
  version: string;
  runs: readonly Readonly<{
    tool: Readonly<{ driver: Readonly<{ name: string; rules: readonly Readonly<{ id: string }>[] }> }>;
    results: readonly Readonly<{
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: Readonly<{ text: string }>;
      locations: readonly Readonly<{
        physicalLocation: Readonly<{
          artifactLocation: Readonly<{ uri: string }>;
          region: Readonly<{ startLine: number; startColumn: number }>;
        }>;
      }>[];
      fixes?: readonly Readonly<{
        artifactChanges: readonly Readonly<{
          replacements: readonly Readonly<{ deletedRegion: Readonly<{ startLine: number; endLine: number }> }>[];
        }>[];
      }>[];
    }>[];
  }>[];
}>;

test('JUnit counts a device with a failing finding once, and escapes what XML would read', () => {
  const report = new Checker().check({ sources: [{ file: 'a<b>&".cfg', text: 'hostname x\nfoo <bar> & "baz"\n' }] });
  const failing = report.findings.filter(({ severity }) => severity === 'error');
  const text = junitReport(report, report.findings, new Set(failing));
  assert.match(text, /<testsuites tests="1" failures="1" errors="0" skipped="0">/);
  assert.match(text, /classname="a&lt;b&gt;&amp;&quot;\.cfg"/);
  assert.doesNotMatch(text, /<bar>/);
});

test('a baseline hides what it knows, also when lines move, and nothing else', () => {
  const sources = fabric('encryption aes-256', 'encryption aes-192');
  const first = new Checker().check({ sources }).findings;
  const known = readBaseline(baselineText(first));
  assert.ok(known.ok, 'it is read back');
  assert.deepEqual(withoutKnown(first, known.value), []);
  const moved = sources.map((one) => ({ ...one, text: one.text.replace('!\n', '!\n!\n!\n') }));
  assert.deepEqual(withoutKnown(new Checker().check({ sources: moved }).findings, known.value), []);
  const worse = moved.map((one) => ({
    ...one,
    text: one.text.replace('ebgp-multihop 2', 'ebgp-multihop 2\n  neighbor 172.16.1.253 shutdown'),
  }));
  assert.ok(
    withoutKnown(new Checker().check({ sources: worse }).findings, known.value).length > 0,
    'what is new is told',
  );
  assert.equal(readBaseline('{').ok, false);
  assert.equal(readBaseline('{"findings":[{}]}').ok, false);
});

test('a checker that has seen another version says what a new one says', () => {
  const [clean, bad] = [fabric(), broken()];
  const kept = new Checker();
  for (const sources of [clean, bad, clean, bad, bad.slice(1), bad]) {
    const again = kept.check({ sources }).findings;
    assert.deepEqual(JSON.stringify(again), JSON.stringify(new Checker().check({ sources }).findings));
  }
});

test('no text makes it throw, and two texts that are one device twice are told apart', () => {
  const words = fc.constantFrom(
    'interface Tunnel1',
    ' tunnel destination 10.0.0.1',
    'router bgp 1',
    ' neighbor 10.0.0.1 remote-as 2',
    'crypto',
    '\u0000',
    'é',
    '\r',
    ' ip address 10.0.0.1 255.0.0.0',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 12 }), (lines) => {
      const text = lines.join('\n');
      const report = new Checker().check({
        sources: [
          { file: 'a', text },
          { file: 'b', text },
        ],
      });
      textReport(report, report.findings);
      sarifReport(report.findings, '0');
      assert.equal(report.devices.length, 2);
    }),
    { numRuns: 60 },
  );
});
