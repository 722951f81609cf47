import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../yaml/index.ts';
import { controlPath, type HostFile, readHostFile } from './host-file.ts';

const FILE = '/etc/wheelwright/wheelwright.yaml';

function read(text: string): HostFile {
  const result = readHostFile(text, FILE);
  assert.ok(result.ok, result.ok ? '' : result.error.map(formatDiagnostic).join('\n'));
  return result.value;
}

test('a host file may say everything', () => {
  const text = `
name: spoke1
interfaces: {outside: eth0, GigabitEthernet0/1: eth1}
addresses: apply
plane: software
route-table: 100
install-routes: false
force-encapsulation: true
state: /srv/state
run: run
control: /tmp/one.sock
log-file: log/spoke1.log
user: wheelwright
keypairs: {RSA1: keys/one.pem}
trustpoints:
  CA1: {certificate: one.pem, chain: chain.pem, ca: ca.pem, crl: [a.crl, /b.crl]}
ppk:
  - {peer: 203.0.113.1, id: group7, key-file: ppk.key, required: true}
`;
  assert.deepEqual(read(text), {
    name: 'spoke1',
    interfaces: new Map([
      ['outside', 'eth0'],
      ['GigabitEthernet0/1', 'eth1'],
    ]),
    addresses: 'apply',
    plane: 'software',
    'route-table': 100,
    'install-routes': false,
    'force-encapsulation': true,
    state: '/srv/state',
    run: '/etc/wheelwright/run',
    control: '/tmp/one.sock',
    'log-file': '/etc/wheelwright/log/spoke1.log',
    user: 'wheelwright',
    keypairs: new Map([['RSA1', '/etc/wheelwright/keys/one.pem']]),
    trustpoints: new Map([
      [
        'CA1',
        {
          certificate: '/etc/wheelwright/one.pem',
          chain: '/etc/wheelwright/chain.pem',
          ca: ['/etc/wheelwright/ca.pem'],
          crl: ['/etc/wheelwright/a.crl', '/b.crl'],
        },
      ],
    ]),
    ppk: [{ peer: '203.0.113.1', id: 'group7', keyFile: '/etc/wheelwright/ppk.key', required: true }],
  });
});

test('an empty file says nothing, and the control socket is named for the gateway', () => {
  assert.deepEqual(read(''), {});
  assert.deepEqual(read('# nothing\n'), {});
  assert.equal(controlPath(read(''), 'spoke1'), '/run/wheelwright/spoke1.sock');
  assert.equal(controlPath(read('run: /r\n'), 'spoke1'), '/r/spoke1.sock');
});

const faults = [
  { text: 'interfaecs: {}\n', says: ':1:1: A host file has no field `interfaecs`. Did you mean `interfaces`?' },
  { text: '- 1\n', says: ':1:1: A host file must be a mapping of names to values.' },
  { text: 'a: [\n', says: ':2:1: This is not YAML: ' },
  { text: 'addresses: aply\n', says: ':1:12: `addresses` must be match or apply, not `aply`. Did you mean `apply`?' },
  { text: 'interfaces:\n  outside: a/b\n', says: ':2:12: Interface `outside` needs the name of a kernel interface' },
  { text: 'interfaces:\n  a: eth0\n  b: eth0\n', says: ':3:6: `eth0` is interface `a` already' },
  { text: 'name: ../x\n', says: ':1:7: `name` must be letters' },
  { text: 'route-table: 0\n', says: ':1:14: `route-table` must be a whole number from 1 to 4294967295, not `0`.' },
  { text: 'install-routes: maybe\n', says: ':1:17: `install-routes` must be true or false, not `maybe`.' },
  { text: 'state: {}\n', says: ':1:8: `state` must be a path' },
  { text: 'user: ""\n', says: ':1:7: `user` must be a word' },
  { text: 'trustpoints: {CA: {cert: x}}\n', says: ':1:20: Trustpoint `CA` has no field `cert`' },
  { text: 'ppk: [{peer: x, id: y}]\n', says: ':1:7: A PPK needs `key-file`.' },
];

for (const { text, says } of faults) {
  test(`the host file ${JSON.stringify(text)} is refused with its place`, () => {
    const result = readHostFile(text, FILE);
    assert.ok(!result.ok);
    const lines = result.error.map(formatDiagnostic);
    assert.ok(
      lines.some((line) => line.startsWith(`${FILE}${says}`)),
      lines.join('\n'),
    );
  });
}

test('all faults of a file are told at once', () => {
  const result = readHostFile('plane: hardware\nroute-table: x\nnosuch: 1\n', FILE);
  assert.deepEqual(result.ok ? [] : result.error.map(({ position }) => position.line).sort(), [1, 2, 3]);
});

test('no text makes the reader throw', () => {
  const words = fc.constantFrom(
    'interfaces',
    'ppk',
    'trustpoints',
    'keypairs',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    '\n',
    '  ',
    '&a',
    '*a',
    'x',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((parts) => parts.join('')),
      ),
      (text) => {
        const result = readHostFile(text, FILE);
        assert.ok(result.ok || result.error.length > 0);
      },
    ),
    { numRuns: 500 },
  );
});
