/** What `check` says of the examples: nothing of those that are clean, the real slips of those that are printed. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Checker, type CheckReport, isAtLeast, RULES, rulesPage, ruleText, type Source } from './index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The files of a folder as they are, each one by itself where its name says that it is another case. */
function folder(path: string, pick: RegExp): readonly Source[] {
  return readdirSync(join(root, path))
    .filter((name) => pick.test(name))
    .map((name) => ({ file: name, text: readFileSync(join(root, path, name), 'utf8') }));
}

function said(report: CheckReport, least: 'warning' | 'note' = 'warning'): readonly string[] {
  return report.findings
    .filter(({ severity }) => isAtLeast(severity, least))
    .map(({ rule, lines: [first] }) => `${first?.position.file}:${first?.position.line} ${rule}`);
}

const CLEAN: readonly (readonly [string, RegExp])[] = [
  ['examples/hub-and-spoke', /\.cfg$/],
  ['examples/asa-to-asr', /(?<!-nat)\.cfg$/],
  ['examples/asa-to-asr', /-nat\.cfg$/],
  ['examples/gre-over-ipsec', /\.cfg$/],
  ['lab/scenarios/faults/healthy', /\.cfg$/],
  ['lab/scenarios/faults/pair', /\.cfg$/],
  ['lab/scenarios/behind-nat', /\.cfg$/],
];

for (const [path, pick] of CLEAN) {
  test(`${path} (${pick.source}): no finding but notes`, () => {
    const sources = folder(path, pick);
    assert.ok(sources.length > 1, 'there are configurations');
    assert.deepEqual(said(new Checker().check({ sources })), []);
  });
}

test('the hub and spoke as printed: its real slips and nothing else', () => {
  const sources = folder('examples/hub-and-spoke-as-printed', /\.cfg$/);
  assert.deepEqual(said(new Checker().check({ sources })), [
    // The page printed `routeVTI` and `routeVTI2`: a device refuses both lines.
    'spoke.cfg:59 repaired',
    'spoke.cfg:60 repaired',
    // No `network` line is printed for the LAN of the spoke, so that the hub has no way back to it.
    'spoke.cfg:62 lan-not-announced',
  ]);
});

test('the ASA and the ASR as printed: their real slips and nothing else', () => {
  const [asa, asr] = ['asa/goldens/seed-asa-to-asr.conf', 'iosxe/goldens/seed-asr.conf'].map((name) =>
    readFileSync(join(root, 'src/config', name), 'utf8'),
  );
  const sources = [
    { file: 'asa.cfg', text: asa ?? '' },
    { file: 'asr.cfg', text: asr ?? '' },
  ];
  assert.deepEqual(said(new Checker().check({ sources })), PRINTED);
});

/** Names that stood in angle brackets were lost on the page, and with them whole sections. */
const PRINTED: readonly string[] = [
  // `tcp-map` is to let TCP option 19 pass, and its line is not printed.
  'asa.cfg:5 empty-tcp-map',
  // No `service-policy global_policy global` is printed: the policy holds nowhere.
  'asa.cfg:7 unbound-policy',
  // The name of the group policy is lost, twice, and no tunnel-group names one.
  'asa.cfg:29 unbound-group-policy',
  'asa.cfg:29 incomplete-command',
  'asa.cfg:30 incomplete-command',
  'asa.cfg:31 wrong-mode',
  // The name of the tunnel-group, the address of the peer, is lost three times, and its keys hang on nothing.
  'asa.cfg:33 invalid-word',
  'asa.cfg:34 incomplete-command',
  'asa.cfg:35 incomplete-command',
  'asa.cfg:36 wrong-mode',
  'asa.cfg:37 wrong-mode',
  // Addresses of the tunnel and of its peer are lost.
  'asa.cfg:41 incomplete-command',
  'asa.cfg:43 incomplete-command',
  // VRF INET is named three times, and defined on a part of the router that is not printed.
  'asr.cfg:7 undefined-reference',
  // The address of the keyring's peer is lost.
  'asr.cfg:14 incomplete',
  // What the profile is to match is lost, so that it matches nobody.
  'asr.cfg:18 incomplete',
  'asr.cfg:19 undefined-reference',
  'asr.cfg:20 incomplete-command',
  'asr.cfg:21 incomplete-command',
  // The keyring is called PH2_KEYR_DC above: a slip of the document itself.
  'asr.cfg:24 undefined-reference',
  // Addresses of the tunnel and of its peer are lost here as well.
  'asr.cfg:36 incomplete-command',
  'asr.cfg:39 incomplete-command',
  'asr.cfg:40 undefined-reference',
];

test('the rules have unique ids in kebab case, and words of their own', () => {
  assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
  for (const { id, claim, explanation } of RULES) {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(claim.length > 5 && !claim.endsWith('.'), `${id}: a claim`);
    assert.match(explanation, /\.$/, `${id}: an explanation`);
    assert.ok(ruleText(id)?.includes(claim), `${id}: its text`);
  }
  assert.equal(ruleText('no-such-rule'), undefined);
});

test('docs/rules.md is drawn from the table', () => {
  const page = join(root, 'docs/rules.md');
  if (process.env['WHEELWRIGHT_GOLDENS'] === 'write') writeFileSync(page, rulesPage());
  assert.ok(existsSync(page), 'there is a page');
  assert.equal(readFileSync(page, 'utf8'), rulesPage());
});
