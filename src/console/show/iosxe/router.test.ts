/**
 * Every command of a router over one that runs: text held to golden files, values to their published schemas, both
 * searched for secrets. WRITE_GOLDENS=1 rewrites the goldens.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { IpAddress } from '../../../base/index.ts';
import { rowsOf } from '../../commands/index.ts';
import { exec } from '../../exec.ts';
import { ROUTER_KEY, ROUTER_TEXT, routerDevice } from '../../router.fixture.ts';
import { schemaDocument } from '../schema.ts';

const goldens = join(dirname(fileURLToPath(import.meta.url)), 'goldens');
const isWriting = process.env['WRITE_GOLDENS'] === '1';
const device = routerDevice();
const bare = routerDevice('hostname R1\n');

/** What stands for each argument of a pattern. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  address: ['203.0.113.10'],
  vrf: ['INET', 'BLU'],
  interface: ['Tunnel 10'],
  prefix: ['10.1.0.0'],
  mask: ['255.255.0.0'],
  detailed: ['', 'detailed'],
  detail: ['', 'detail'],
  manner: ['', 'detail', 'brief'],
  source: ['', 'bgp'],
  name: ['PH2_PROF'],
  vni: ['50001'],
  tag: ['0'],
  length: ['24'],
};

/** The lines that a pattern may be typed as. */
function linesOf(pattern: string): readonly string[] {
  let lines = [pattern.replace(' ...', '')];
  for (const [, name = ''] of pattern.matchAll(/\[?<([\w-]+)>\]?/g)) {
    const isOptional = pattern.includes(`[<${name}>]`);
    const words = ARGUMENTS[name] ?? [];
    const chosen = isOptional && !words.includes('') ? ['', ...words] : words;
    lines = lines.flatMap((line) =>
      chosen.map((word) =>
        line
          .replace(new RegExp(`\\[?<${name}>\\]?`), word)
          .replaceAll(/\s+/g, ' ')
          .trim(),
      ),
    );
  }
  return lines.map((line) => (/ipv6 unicast \S*10\.1/.test(line) ? line.replace('10.1.0.0', '2001:db8::') : line));
}

const shows = rowsOf.iosxe.filter(({ pattern }) => pattern.startsWith('show ') && !pattern.includes('buffer'));
const commands = shows
  .flatMap(({ pattern }) => linesOf(pattern))
  .map((line) =>
    line
      .replace('route-type 5 0 10.1.0.0', 'route-type 5 0 192.168.10.0')
      .replace('show ipv6 route 10.1.0.0', 'show ipv6 route 2001:db8:20::5')
      .replace(/^(show ipv6 route vrf \w+) 10\.1\.0\.0$/, '$1 2001:db8::1'),
  );

const ajv = new Ajv2020({
  strictTypes: false,
  allErrors: true,
  formats: {
    ipv4: (text: string) => IpAddress.parse(text)?.family === 4,
    ipv6: (text: string) => IpAddress.parse(text)?.family === 6,
  },
});

function ask(line: string, of = device): string {
  const result = exec(line, of);
  assert.ok(result.kind === 'text' || result.kind === 'error', line);
  return result.text;
}

function fileOf(command: string): string {
  return `${command.replaceAll('/', '_').replaceAll(/[ :]/g, '-')}.txt`;
}

/** BGP has many names for the same: one of them is kept as a golden. */
const kept = commands.filter(
  (line) =>
    !/^show bgp (?!l2vpn)|^show bgp$|vpnv4|bgp vrf|^show (?:crypto|ipv6) .*BLU/.test(line) &&
    line !== 'show tcp-support',
);

for (const line of kept) {
  test(`Router#${line}`, () => {
    const text = ask(line);
    const file = join(goldens, fileOf(line));
    if (isWriting) {
      mkdirSync(goldens, { recursive: true });
      writeFileSync(file, text);
    }
    assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '(no golden)');
  });
}

test('every golden belongs to a command', () => {
  const names = new Set(kept.map(fileOf));
  assert.deepEqual(
    readdirSync(goldens).filter((file) => !names.has(file)),
    [],
  );
});

for (const [what, of] of [
  ['a router that runs', device],
  ['a router without configuration', bare],
] as const) {
  test(`values of ${what} fit their schemas, whatever is asked`, () => {
    let tried = 0;
    for (const { pattern, schema } of shows) {
      assert.ok(schema !== undefined, pattern);
      const document = schemaDocument(schema);
      assert.ok(typeof document === 'object' && document !== null);
      const validate = ajv.getSchema(`urn:wheelwright:schema:${schema.name}`) ?? ajv.compile(document);
      for (const line of linesOf(pattern)) {
        const text = ask(`${line} | json`, of);
        if (text.startsWith('%')) continue;
        if (!text.startsWith('{')) continue; // an address of the other family: named above
        tried++;
        assert.ok(validate(JSON.parse(text)), `${line}: ${JSON.stringify(validate.errors)}`);
      }
    }
    assert.ok(tried > (of === device ? 100 : 60), String(tried));
  });
}

test('no key appears in any text or value', () => {
  assert.ok(ROUTER_TEXT.includes(ROUTER_KEY));
  const forms = [ROUTER_KEY, Buffer.from(ROUTER_KEY).toString('hex'), Buffer.from(ROUTER_KEY).toString('base64')];
  for (const line of commands)
    for (const end of ['', ' | json']) for (const form of forms) assert.ok(!ask(line + end).includes(form), line);
});

test("the document's own filters give its own lines", () => {
  assert.equal(
    ask('show crypto ipsec sa | in mtu').split('\n')[0]?.trim(),
    'plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/0/1',
  );
  assert.equal(ask('show interfaces tun10 | in Tunnel transport MTU').trim(), 'Tunnel transport MTU 1438 bytes');
});

test('`Current configuration` counts the bytes of what follows it', () => {
  for (const line of [
    'show running-config',
    'show running-config interface Tunnel10',
    'show derived-config interface Tunnel10',
  ]) {
    const [head = '', body = ''] = ask(line).split(/(?<= bytes)\n/);
    assert.match(head, /^Building configuration\.\.\.\n\n(?:Current|Derived) configuration : \d+ bytes$/);
    assert.equal(Number(/(\d+) bytes$/.exec(head)?.[1]), body.length, line);
  }
});

const refused = [
  ['show ip', '% Incomplete command.\n\n'],
  ['show i', '% Ambiguous command:  "show i"\n\n'],
  ['show foo', "show foo\n     ^\n% Invalid input detected at '^' marker.\n"],
  ['show ip route vrf NOWHERE', '% IP routing table NOWHERE does not exist\n\n'],
  ['ping vrf NOWHERE 10.0.0.1', '% VRF NOWHERE does not exist\n\n'],
  ['show interfaces Tunnel9', '% Invalid input detected: no interface Tunnel9\n\n'],
  ['ping', '% Incomplete command.\n\n'],
  ['show vpn-sessiondb', "show vpn-sessiondb\n     ^\n% Invalid input detected at '^' marker.\n"],
] as const;

for (const [line, expected] of refused)
  test(`'${line}' is refused in a router's words`, () => assert.ok(ask(line).startsWith(expected), ask(line)));

test('probes name their table, and a source in one word or two', () => {
  const first = exec('ping vrf INET 203.0.113.10 source GigabitEthernet 0/0/1 size 1438 df-bit repeat 3', device);
  assert.ok(first.kind === 'ping');
  const { vrf, source, size, df, count } = first.request;
  assert.deepEqual([vrf, source?.toString(), size, df, count], ['INET', '198.51.100.2', 1438, true, 3]);
  const second = exec('traceroute vrf INET 203.0.113.10 numeric ttl 1 4', device);
  assert.ok(second.kind === 'traceroute');
  assert.deepEqual([second.request.vrf, second.request.maxTtl], ['INET', 4]);
  const third = exec('clear ip bgp vrf INET 10.0.0.1 soft in', device);
  assert.ok(third.kind === 'operator' && third.request.kind === 'clear-bgp');
  assert.deepEqual([third.request.vrf, third.request.direction], ['INET', 'in']);
});

test('a capture is defined, then started', () => {
  const defined = exec('monitor capture C interface Tunnel10 in', device);
  assert.ok(defined.kind === 'operator' && defined.request.kind === 'capture');
  assert.deepEqual([defined.request.tap.stopped, defined.request.tap.direction], [true, 'in']);
  const { tap } = defined.request;
  const status = { tap, packets: 0, bytes: 0, lost: 0, isFull: false };
  const having = { ...device, captures: () => [status] };
  const started = exec('monitor capture C start', having);
  assert.ok(started.kind === 'operator' && started.request.kind === 'capture');
  assert.equal(started.request.tap.stopped, false);
  const matched = exec('monitor capture C match ipv4 protocol tcp host 10.0.0.1 10.20.0.0/24 eq bgp', having);
  assert.ok(matched.kind === 'operator' && matched.request.kind === 'capture');
  assert.equal(matched.request.tap.matches.length, 1);
  assert.match(ask('show monitor capture C', having), /Status : Inactive/);
  assert.equal(ask('monitor capture D start'), '% Capture D does not exist\n\n');
});

test('no line makes the console throw', () => {
  const words = fc.constantFrom(
    ...shows.flatMap(({ pattern }) => pattern.split(' ')),
    'tunnel',
    '10',
    '|',
    'do',
    '::',
    '10.1.0.0/99',
  );
  const lines = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(words, { maxLength: 9 }).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(lines, (line) => typeof exec(line, device).kind === 'string'),
    { numRuns: 500 },
  );
});
