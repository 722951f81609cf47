/** Properties: printing is the inverse of loading, and no text makes the loader throw or tell a secret. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../diagnostics.ts';
import { bareModel } from '../goldens.fixture.ts';
import { iosxeGrammar } from './grammar/index.ts';
import { loadIosxe } from './load.ts';
import { printIosxe } from './print.ts';

const GOLDENS = join(import.meta.dirname, 'goldens');
const some = <T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const octet = fc.integer({ min: 1, max: 254 });
const ip = fc.tuple(octet, octet, octet).map(([b, c, d]) => `10.${b}.${c}.${d}`);
const word = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);

const SESSION = [
  'shutdown',
  'timers 5 15',
  'timers 20 60 30',
  'ebgp-multihop 4',
  'disable-connected-check',
  'update-source Loopback0',
  'password Zq9x',
  'description a b  c',
  'local-as 65100',
  'transport connection-mode passive',
  'advertisement-interval 3',
];
const FAMILY = [
  'activate',
  'next-hop-self',
  'maximum-prefix 10 80',
  'weight 7',
  'prefix-list P in',
  'route-map M out',
  'send-community',
  'default-originate',
  'allowas-in 2',
  'route-reflector-client',
];
const lines = (list: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.uniqueArray(some(list), { maxLength: 5 });
const first = <T>(tuple: readonly [string, ...T[]]): string => tuple[0];

/** BGP with groups whose members say the same, otherwise, or that they want none of it. */
const bgp = fc
  .record({
    byDefault: fc.boolean(),
    group: lines(SESSION),
    groupFamily: lines(FAMILY),
    members: fc.uniqueArray(fc.tuple(ip, lines(SESSION), lines(FAMILY), some(['', 'no '])), {
      maxLength: 4,
      selector: first,
    }),
    others: fc.uniqueArray(fc.tuple(ip, lines(SESSION), lines(FAMILY)), { maxLength: 3, selector: first }),
    vrf: fc.option(word, { nil: undefined }),
    range: fc.boolean(),
  })
  .map((one) => {
    const about = (peer: string, list: readonly string[], no = ''): string[] =>
      list.map((line) => `${no}neighbor ${peer} ${line}`);
    const known = new Set(one.members.map(first));
    const others = one.others.filter(([address]) => !known.has(address));
    return [
      'router bgp 65000',
      one.byDefault ? '' : 'no bgp default ipv4-unicast',
      'neighbor G peer-group',
      'neighbor G remote-as 65001',
      ...about('G', one.group),
      ...one.members.flatMap(([address, own, , no]) => [
        `neighbor ${address} peer-group G`,
        ...about(address, own, no),
      ]),
      ...others.flatMap(([address, own]) => [`neighbor ${address} remote-as 65002`, ...about(address, own)]),
      one.range ? 'bgp listen range 10.0.0.0/8 peer-group G' : '',
      'address-family ipv4',
      ...about('G', one.groupFamily),
      ...one.members.flatMap(([address, , own, no]) => about(address, own, no)),
      ...others.flatMap(([address, , own]) => about(address, own)),
      'network 10.0.0.0',
      'exit-address-family',
      ...(one.vrf === undefined
        ? []
        : [
            `address-family ipv4 vrf ${one.vrf}`,
            ...others.flatMap(([address, own, family]) => [
              `neighbor ${address} remote-as 65003`,
              ...about(address, [...own, ...family]),
            ]),
            'redistribute connected',
            'exit-address-family',
          ]),
    ];
  });

const route = fc
  .record({
    vrf: some(['', 'vrf RED ']),
    network: fc.tuple(octet, octet).map(([b, c]) => `10.${b}.${c}.0 255.255.255.0`),
    way: some(['192.0.2.1', 'Tunnel10', 'GigabitEthernet0/0/1 192.0.2.1', 'Null0']),
    rest: some(['', ' 250', ' name HERE', ' 20 tag 7', ' permanent']),
  })
  .map((one) => [`ip route ${one.vrf}${one.network} ${one.way}${one.rest}`]);

const list = fc
  .record({
    name: word,
    kind: some(['standard', 'extended']),
    entries: fc.array(
      fc.tuple(some(['permit', 'deny']), ip, some(['0.0.0.255', '0.0.3.255', '0.0.1.3', '0.255.255.255'])),
      { minLength: 1, maxLength: 4 },
    ),
    remark: fc.boolean(),
  })
  .map(({ name, kind, entries, remark }) => [
    `ip access-list ${kind} ${name}`,
    ...entries.flatMap(([action, address, wildcard]) => [
      ...(remark ? ['remark a note'] : []),
      kind === 'standard' ? `${action} ${address} ${wildcard}` : `${action} ip ${address} ${wildcard} any`,
    ]),
    ...(remark ? ['remark the last'] : []),
  ]);

const blocks = fc.array(fc.oneof(bgp, route, list), { maxLength: 6 }).map((parts) => parts.flat().join('\n'));

test('what is printed loads to the same model', () => {
  fc.assert(
    fc.property(blocks, (text) => {
      const { model } = loadIosxe(text, 'a');
      const printed = printIosxe(model, { secrets: 'plain' });
      const again = loadIosxe(printed, 'b').model;
      assert.deepEqual(bareModel(again), bareModel(model), printed);
      assert.equal(printIosxe(again, { secrets: 'plain' }), printed);
    }),
    { numRuns: 60 },
  );
});

test('examples of all rows, mixed, print and load to the same model', () => {
  const examples = iosxeGrammar.rows.flatMap((row) =>
    row.examples.map((one) => (typeof one === 'string' ? { line: one, within: [] } : one)),
  );
  fc.assert(
    fc.property(fc.array(some(examples), { minLength: 5, maxLength: 40 }), (chosen) => {
      const text = chosen.flatMap(({ within, line }) => [...(within ?? []), line]).join('\n');
      const { model } = loadIosxe(text, 'a');
      const printed = printIosxe(model, { secrets: 'plain' });
      assert.deepEqual(bareModel(loadIosxe(printed, 'b').model), bareModel(model), `${text}\n=====\n${printed}`);
    }),
    { numRuns: 60 },
  );
});

const goldenLines = readdirSync(GOLDENS)
  .filter((name) => name.endsWith('.conf'))
  .flatMap((name) => readFileSync(join(GOLDENS, name), 'utf8').split('\n'))
  .filter((line) => line.trim() !== '');

/** A line with a character dropped, doubled or replaced, or with a word lost. */
const mutated = fc
  .tuple(some(goldenLines), fc.nat(), some(['drop', 'double', 'replace', 'word', 'none']), fc.string({ maxLength: 2 }))
  .map(([line, where, how, filler]) => {
    const at = where % line.length;
    if (how === 'drop') return line.slice(0, at) + line.slice(at + 1);
    if (how === 'double') return line.slice(0, at + 1) + line.slice(at);
    if (how === 'replace') return line.slice(0, at) + filler + line.slice(at + 1);
    const tokens = line.split(' ');
    return how === 'word' ? tokens.filter((_, i) => i !== where % tokens.length).join(' ') : line;
  });

test('no text makes the loader throw, and every diagnostic points into the text', () => {
  const anything = fc.array(fc.oneof(mutated, mutated, fc.string({ unit: 'binary', maxLength: 40 })), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(anything, (chosen) => {
      const text = chosen.join('\n');
      const { model, diagnostics } = loadIosxe(text, 'any.conf');
      const count = text.split(/\r\n|[\n\r\u2028\u2029]/).length;
      for (const one of diagnostics) {
        assert.ok(one.position.line >= 1 && one.position.line <= count && one.position.column >= 1);
        formatDiagnostic(one, text);
      }
      printIosxe(model);
    }),
    { numRuns: 40 },
  );
});

const SECRET = 'Zq9SecretZq9';
const secretLines = [
  `pre-shared-key ${SECRET}`,
  `pre-shared-key local 0 ${SECRET}`,
  `authentication remote pre-share key ${SECRET}`,
  `neighbor 172.16.1.253 password ${SECRET}`,
  `neighbor 172.16.1.253 password 7 ${SECRET}`,
  `enable secret 9 ${SECRET}`,
  `username admin privilege 15 secret 9 ${SECRET}`,
  `key-string 7 ${SECRET}`,
  `snmp-server community ${SECRET} RO`,
];

test('no diagnostic and no masked print shows a secret, however its line is damaged', () => {
  const damaged = fc
    .tuple(some(secretLines), fc.nat(), some(['drop', 'double', 'none', 'join']))
    .map(([line, where, how]) => {
      const at = where % line.indexOf(SECRET);
      if (how === 'drop') return line.slice(0, at) + line.slice(at + 1);
      if (how === 'double') return line.slice(0, at + 1) + line.slice(at);
      return how === 'join' ? line.replace(` ${SECRET}`, SECRET) : line;
    });
  const context = [
    '',
    'crypto ikev2 keyring K\npeer P',
    'crypto ikev2 profile P',
    'key chain K\n key 1',
    'router bgp 1\nneighbor 172.16.1.253 remote-as 2',
  ];
  fc.assert(
    fc.property(some(context), damaged, (before, line) => {
      const text = `${before}\n${line}`;
      const { model, diagnostics } = loadIosxe(text, 'secret.conf');
      const said = diagnostics.map((one) => `${JSON.stringify(one)}\n${formatDiagnostic(one, text)}`).join('\n');
      assert.ok(!said.includes(SECRET), said);
      assert.ok(!printIosxe(model).includes(SECRET), printIosxe(model));
      assert.ok(!JSON.stringify(model).includes(SECRET));
    }),
    { numRuns: 150 },
  );
});
