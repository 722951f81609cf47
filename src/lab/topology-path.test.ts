import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topologyPath } from './topology-path.ts';
import { loadTopology } from './topology-reader.ts';

const text = `
topology:
  nodes:
    a: { kind: host, addresses: [10.1.0.2/24], gateway: 10.1.0.1 }
    b: { kind: host, addresses: [192.0.2.2/24] }
    c: { kind: host, addresses: [198.51.100.2/24], gateway: 198.51.100.1 }
    lonely: { kind: host, addresses: [10.9.0.1/24] }
    home: { kind: nat, inside: 10.1.0.1/24, outside: 192.0.2.1/24, gateway: 192.0.2.254, mtu: 1492 }
    net: { kind: bridge }
    provider:
      kind: router
      interfaces:
        left: { addresses: [192.0.2.254/24] }
        right: { addresses: [198.51.100.1/24], mtu: 1400 }
  links:
    - { endpoints: ["a:e", "home:inside"] }
    - { endpoints: ["home:outside", "net:p1"] }
    - { endpoints: ["b:e", "net:p2"], mtu: 1480 }
    - { endpoints: ["net:p3", "provider:left"] }
    - { endpoints: ["provider:right", "c:e"] }
`;

const loaded = loadTopology('lab.yaml', () => text);
assert.ok(loaded.ok, JSON.stringify(loaded));
const way = (from: string, to: string) =>
  topologyPath(loaded.value, { node: from, port: 'e' }, { node: to, port: 'e' });

test('the way between two ports: the least MTU of links, routers and NATs, and whether a NAT is on it', () => {
  assert.deepEqual(way('b', 'c'), { mtu: 1400, nat: false });
  assert.deepEqual(way('a', 'b'), { mtu: 1480, nat: true });
  assert.deepEqual(way('b', 'a'), { mtu: 1480, nat: true });
  assert.deepEqual(way('a', 'c'), { mtu: 1400, nat: true });
  assert.equal(way('a', 'lonely'), undefined);
});
