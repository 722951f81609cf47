/** Which dialect a text is of, and lines that are of the other one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfiguration, printConfiguration } from './dialects.ts';

const ASR = `hostname ASR-WAN01
vrf definition INET
 address-family ipv4
 exit-address-family
crypto ikev2 keyring KR
 peer ASA
  address 192.0.2.1
  pre-shared-key secret1
interface GigabitEthernet0/0/1
 vrf forwarding INET
 ip address 198.51.100.1 255.255.255.0
interface Tunnel10
 ip address 10.0.0.1 255.255.255.252
 tunnel source GigabitEthernet0/0/1
`;

const ASA = `hostname ASA-XFW01
interface GigabitEthernet0/0
 nameif outside
 ip address 192.0.2.1 255.255.255.0
route outside 0.0.0.0 0.0.0.0 192.0.2.254 1
tunnel-group 198.51.100.1 type ipsec-l2l
`;

test('the dialect is read off the lines that only one grammar knows', () => {
  assert.equal(loadConfiguration(ASR, 'asr.cfg').model.dialect, 'iosxe');
  assert.equal(loadConfiguration(ASA, 'asa.cfg').model.dialect, 'asa');
  assert.equal(loadConfiguration('', 'none.cfg').model.dialect, 'asa');
  for (const name of ['hub1', 'hub2', 'spoke1', 'spoke2']) {
    const text = readFileSync(new URL(`../../examples/hub-and-spoke/${name}.cfg`, import.meta.url), 'utf8');
    assert.equal(loadConfiguration(text, name).model.dialect, 'asa', name);
  }
});

test('who says the dialect is believed, and lines of the other are named with their place and counterpart', () => {
  const { model, diagnostics } = loadConfiguration(ASR, 'asr.cfg', 'asa');
  assert.equal(model.dialect, 'asa');
  const foreign = diagnostics.filter(({ code }) => code === 'foreign-line');
  assert.deepEqual(
    foreign.map(({ position, expected }) => [position.line, expected]),
    [
      [2, 'none: an ASA has one routing table'],
      [3, undefined],
      [5, 'tunnel-group <peer> ipsec-attributes'],
      [6, undefined],
      [7, undefined],
      [8, undefined],
      [14, 'tunnel source interface <nameif>'],
    ],
  );
  assert.equal(foreign[0]?.message, 'this is a line of an IOS-XE router; this file is read as that of an ASA');
});

test('lines of an ASA in a file of a router are named as well', () => {
  const { diagnostics } = loadConfiguration(ASA, 'asa.cfg', 'iosxe');
  const foreign = diagnostics.filter(({ code }) => code === 'foreign-line');
  assert.deepEqual(
    foreign.map(({ position, expected }) => [position.line, expected]),
    [
      [3, 'none: an interface goes by its own name'],
      [5, 'ip route <network> <mask> <gateway>'],
      [6, 'crypto ikev2 profile <name> and crypto ikev2 keyring <name>'],
    ],
  );
});

test('a mistyped line of the own dialect keeps its suggestion', () => {
  const { diagnostics } = loadConfiguration(ASA.replace('nameif', 'namief'), 'asa.cfg');
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ suggestion }) => suggestion),
    ['nameif outside'],
  );
});

test('a configuration is printed in its own dialect', () => {
  assert.match(printConfiguration(loadConfiguration(ASR, 'a').model), /^vrf definition INET$/m);
  assert.match(printConfiguration(loadConfiguration(ASA, 'b').model), /^: Saved$/m);
});

test('GRE in the file of an ASA is refused with what it has instead', () => {
  const text = 'interface Tunnel1\n nameif t\n tunnel mode gre ip\n tunnel key 4\n keepalive 10 3\n';
  const foreign = loadConfiguration(text, 'asa.cfg', 'asa').diagnostics.filter(({ code }) => code === 'foreign-line');
  assert.deepEqual(
    foreign.map(({ position, severity, expected }) => [position.line, severity, expected?.split(':')[0]]),
    [
      [3, 'error', 'tunnel mode ipsec ipv4'],
      [4, 'error', 'none'],
      [5, 'error', 'none'],
    ],
  );
});
