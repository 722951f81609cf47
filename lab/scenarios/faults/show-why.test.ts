/** `show … why` asks of all that a `show` line is about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainCommand } from '../../../src/explain/index.ts';
import { brokenTexts, type Fault, run } from './fault.ts';
import { tunnelFaults } from './tunnel-faults.ts';

const fault = tunnelFaults.find(({ name }) => name === 'key-local');
assert.ok(fault);
const { fabric } = run(fault satisfies Fault, brokenTexts(fault), 'asked');

const rows = [
  { device: 'spoke1', line: 'show interface Tunnel1 why', says: /key-mismatch/ },
  { device: 'spoke1', line: 'sh int vti why', says: /key-mismatch/ },
  { device: 'spoke1', line: 'show crypto ikev2 sa why', says: /key-mismatch/ },
  { device: 'spoke1', line: 'show crypto ipsec sa peer 10.0.0.253 why', says: /spoke1 Tunnel1: down .*key-mismatch/ },
  { device: 'hub', line: 'show crypto ikev2 sa 10.0.0.1 why', says: /key-mismatch/ },
  { device: 'hub', line: 'show crypto ikev2 sa why', says: /^hub 10\.0\.0\.1: down/ },
  { device: 'spoke2', line: 'show crypto ikev2 sa why', says: /^Nothing is wrong here\.\n$/ },
  { device: 'spoke2', line: 'show interface Tunnel1 why', says: /^spoke2 Tunnel1: up/ },
  { device: 'spoke1', line: 'show bgp neighbors 172.16.1.253 why', says: /^spoke1 172\.16\.1\.253: down/ },
  { device: 'spoke1', line: 'show route 10.250.0.10 why', says: /^spoke1 10\.250\.0\.10: down .*key-mismatch/ },
  { device: 'spoke2', line: 'sh route 10.250.0.0 255.255.255.0 why', says: /^spoke2 10\.250\.0\.0\/24: up/ },
  { device: 'spoke2', line: 'explain route 2001:db8:250::10', says: /^spoke2 2001:db8:250::10: up/ },
  { device: 'spoke2', line: 'show bgp why', says: /^Nothing is wrong here\.\n$/ },
] as const;

for (const { device, line, says } of rows) {
  test(`${device}: ${line}`, () => assert.match(explainCommand(fabric, device, line.split(' '))?.text ?? '', says));
}

test('other lines are not ours', () => {
  for (const line of ['show version why', 'show why', 'show interface Tunnel1', 'explain', 'why', '']) {
    assert.equal(explainCommand(fabric, 'spoke1', line.split(' ')), undefined, line);
  }
});
