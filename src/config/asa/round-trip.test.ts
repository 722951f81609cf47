/** Properties: printing is the inverse of loading, and no text makes the loader throw or tell a secret. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../diagnostics.ts';
import type { DeviceModel } from '../model.ts';
import { asaGrammar } from './grammar/index.ts';
import { loadAsa } from './load.ts';
import { printAsa, showRunning } from './print.ts';

const GOLDENS = join(import.meta.dirname, 'goldens');

/** The model without places, with keys as text. */
function bare(model: DeviceModel): unknown {
  const withKeys = {
    ...model,
    // Their order tells nothing across sections.
    kept: (model.kept ?? []).map((one) => `${one.path.join(' / ')} / ${one.text}`).sort(),
    keys: model.tunnelGroups.map((one) => [one.localKey, one.remoteKey].map((key) => key?.reveal().join(' '))),
    passwords: model.bgp?.neighbors.map((one) => one.password?.reveal().join(' ')),
  };
  const drop = (key: string, value: unknown): unknown => (key === 'written' || key === 'position' ? undefined : value);
  return JSON.parse(JSON.stringify(withKeys, drop));
}

const octet = fc.integer({ min: 1, max: 254 });
const ip = fc.tuple(octet, octet, octet).map(([b, c, d]) => `10.${b}.${c}.${d}`);
const word = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
const key = fc.stringMatching(/^[A-Za-z0-9$%^&!_-]{6,20}$/).filter((one) => !one.startsWith('!'));
const some = <T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const ciphers = fc.uniqueArray(some(['aes', 'aes-192', 'aes-256', 'aes-gcm', 'aes-gcm-256', '3des']), {
  minLength: 1,
  maxLength: 3,
});
const list = (words: readonly string[]): fc.Arbitrary<string> =>
  fc.uniqueArray(some(words), { minLength: 1, maxLength: 3 }).map((chosen) => chosen.join(' '));

const policy = fc
  .record({
    priority: fc.integer({ min: 1, max: 65535 }),
    ciphers,
    integrity: list(['sha', 'sha256', 'sha384', 'sha512']),
    groups: list(['14', '19', '20', '21', '31']),
    prf: list(['sha', 'sha256', 'sha512']),
    life: some(['lifetime seconds 3600', 'lifetime none', '']),
  })
  .map(({ priority, ciphers: c, integrity, groups, prf, life }) => [
    `crypto ikev2 policy ${priority}`,
    ` encryption ${c.join(' ')}`,
    ` integrity ${integrity}`,
    ` group ${groups}`,
    ` prf ${prf}`,
    life,
  ]);

const tunnel = fc
  .record({
    number: fc.integer({ min: 0, max: 10413 }),
    alias: word,
    address: fc.tuple(octet, octet).map(([c, d]) => `192.168.${c}.${d}`),
    destination: ip,
    profile: word,
    mode: fc.boolean(),
    shut: fc.boolean(),
    v6: fc.boolean(),
  })
  .map((one) => [
    `interface Tunnel${one.number}`,
    ` nameif ${one.alias}`,
    ` ip address ${one.address} 255.255.255.255`,
    one.v6 ? ' ipv6 address 2001:db8::1/64' : '',
    ' tunnel source interface outside',
    ` tunnel destination ${one.destination}`,
    one.mode ? ' tunnel mode ipsec ipv4' : '',
    ` tunnel protection ipsec profile ${one.profile}`,
    one.shut ? ' shutdown' : '',
  ]);

const group = fc
  .record({
    peer: ip,
    local: key,
    remote: key,
    keepalive: some([' isakmp keepalive disable', ' isakmp keepalive threshold 60 retry 5', '']),
    routes: some([' no ikev2 route accept any', ' ikev2 route set interface', ' virtual-template 7', '']),
  })
  .map((one) => [
    `tunnel-group ${one.peer} type ipsec-l2l`,
    `tunnel-group ${one.peer} ipsec-attributes`,
    ` ikev2 local-authentication pre-shared-key ${one.local}`,
    ` ikev2 remote-authentication pre-shared-key ${one.remote}`,
    one.keepalive,
    one.routes,
  ]);

const bgp = fc
  .record({
    neighbors: fc.uniqueArray(ip, { maxLength: 4 }),
    extra: fc.array(
      some([
        'activate',
        'shutdown',
        'next-hop-self',
        'timers 5 15 0',
        'ebgp-multihop 4',
        'disable-connected-check',
        'update-source LOOP',
        'password Zq9x',
        'maximum-prefix 10 80',
        'weight 7',
        'description a b  c',
        'prefix-list P in',
        'route-map M out',
      ]),
      { maxLength: 6 },
    ),
    off: fc.boolean(),
  })
  .map(({ neighbors, extra, off }) => [
    'router bgp 65000',
    ' timers bgp 10 30 0',
    ' address-family ipv4 unicast',
    ...neighbors.flatMap((peer) => [
      `  neighbor ${peer} remote-as 65001`,
      ...extra.map((line) => `  neighbor ${peer} ${line}`),
      off ? `  no neighbor ${peer} activate` : '',
    ]),
    '  network 10.0.0.0',
    ' exit-address-family',
  ]);

const blocks = fc.array(fc.oneof(policy, tunnel, group, bgp), { maxLength: 6 }).map((parts) => parts.flat().join('\n'));

test('what is printed loads to the same model', () => {
  fc.assert(
    fc.property(blocks, (text) => {
      const { model } = loadAsa(text, 'a');
      const printed = printAsa(model, { secrets: 'plain' });
      const again = loadAsa(printed, 'b').model;
      assert.deepEqual(bare(again), bare(model));
      assert.equal(printAsa(again, { secrets: 'plain' }), printed);
    }),
    { numRuns: 60 },
  );
});

test('examples of all rows, mixed, print and load to the same model', () => {
  const all = asaGrammar.rows.flatMap((row) => row.examples.map((one) => (typeof one === 'string' ? one : one.line)));
  // Outside of its object this is no command of an ASA, but the global row for `service` takes it.
  const examples = all.filter((line) => !line.startsWith('service tcp'));
  fc.assert(
    fc.property(fc.array(some(examples), { minLength: 5, maxLength: 60 }), (lines) => {
      const { model } = loadAsa(lines.join('\n'), 'a');
      const printed = printAsa(model, { secrets: 'plain' });
      assert.deepEqual(bare(loadAsa(printed, 'b').model), bare(model), printed);
    }),
    { numRuns: 60 },
  );
});

const goldenLines = readdirSync(GOLDENS)
  .filter((name) => name.endsWith('.conf'))
  .flatMap((name) => readFileSync(join(GOLDENS, name), 'utf8').split('\n'))
  .filter((line) => line.trim() !== '');

/** A line with a character dropped, doubled, swapped or replaced, or with a word lost. */
const mutated = fc
  .tuple(
    some(goldenLines),
    fc.nat(),
    some(['drop', 'double', 'swap', 'replace', 'word', 'join']),
    fc.string({ maxLength: 2 }),
  )
  .map(([line, where, how, filler]) => {
    const at = where % line.length;
    if (how === 'drop') return line.slice(0, at) + line.slice(at + 1);
    if (how === 'double') return line.slice(0, at + 1) + line.slice(at);
    if (how === 'swap') return line.slice(0, at) + (line[at + 1] ?? '') + (line[at] ?? '') + line.slice(at + 2);
    if (how === 'replace') return line.slice(0, at) + filler + line.slice(at + 1);
    const tokens = line.split(' ');
    const index = where % tokens.length;
    if (how === 'word') return tokens.filter((_, i) => i !== index).join(' ');
    return tokens.map((token, i) => (i === index || i === tokens.length - 1 ? token : `${token} `)).join('');
  });

test('no text makes the loader throw, and every diagnostic points into the text', () => {
  const anything = fc.array(fc.oneof(mutated, mutated, fc.string({ unit: 'binary', maxLength: 40 })), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(anything, (lines) => {
      const text = lines.join('\n');
      const { model, diagnostics } = loadAsa(text, 'any.conf');
      const count = text.split(/\r\n|[\n\r\u2028\u2029]/).length;
      for (const one of diagnostics) {
        assert.ok(one.position.line >= 1 && one.position.line <= count && one.position.column >= 1);
        formatDiagnostic(one, text);
      }
      printAsa(model);
      showRunning(model, ['tunnel-group']);
    }),
    { numRuns: 40 },
  );
});

const SECRET = 'Zq9SecretZq9';
const secretLines = [
  `ikev2 remote-authentication pre-shared-key ${SECRET}`,
  `ikev2 local-authentication pre-shared-key 0 ${SECRET}`,
  `neighbor 172.16.1.253 password ${SECRET}`,
  `neighbor 172.16.1.253 password 7 ${SECRET}`,
  `enable password ${SECRET} encrypted`,
  `username admin password ${SECRET} privilege 15`,
  `ikev1 pre-shared-key ${SECRET}`,
  `ikev2 remote-authentication ${SECRET}`,
  `snmp-server community ${SECRET}`,
];

test('no diagnostic and no masked print shows a secret, however its line is damaged', () => {
  const damaged = fc
    .tuple(some(secretLines), fc.nat(), some(['drop', 'swap', 'double', 'none', 'join']))
    .map(([line, where, how]) => {
      const at = where % line.indexOf(SECRET);
      if (how === 'drop') return line.slice(0, at) + line.slice(at + 1);
      if (how === 'double') return line.slice(0, at + 1) + line.slice(at);
      if (how === 'swap' && at + 1 < line.indexOf(SECRET))
        return line.slice(0, at) + (line[at + 1] ?? '') + (line[at] ?? '') + line.slice(at + 2);
      return how === 'join' ? line.replace(` ${SECRET}`, SECRET) : line;
    });
  const context = [
    '',
    'tunnel-group 10.0.0.1 type ipsec-l2l\ntunnel-group 10.0.0.1 ipsec-attributes',
    'router bgp 1\naddress-family ipv4\nneighbor 172.16.1.253 remote-as 2',
  ];
  fc.assert(
    fc.property(some(context), damaged, (before, line) => {
      const text = `${before}\n${line}`;
      const { model, diagnostics } = loadAsa(text, 'secret.conf');
      const said = diagnostics.map((one) => `${JSON.stringify(one)}\n${formatDiagnostic(one, text)}`).join('\n');
      assert.ok(!said.includes(SECRET), said);
      assert.ok(!printAsa(model).includes(SECRET), printAsa(model));
      assert.ok(!JSON.stringify(model).includes(SECRET));
    }),
    { numRuns: 150 },
  );
});
