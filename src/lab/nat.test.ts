import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { after, at, IpAddress } from '../base/index.ts';
import type { PingProbe } from '../gateway/contract.ts';
import { buildIp, buildUdp, Protocol, parseIp, parseUdp } from '../ip/index.ts';
import { HostNode } from './host-node.ts';
import type { Lab } from './lab.ts';
import { labOf } from './lab-fixture.ts';
import { NatNode } from './nat-node.ts';
import { portOf, rewrite } from './nat-rewrite.ts';
import { NatTable } from './nat-table.ts';

const ip = (text: string): IpAddress => IpAddress.parse(text) ?? IpAddress.any(4);

/** Two hosts behind a NAT, one outside behind a narrow router. */
const BEHIND = (extra = ''): string => `
topology:
  nodes:
    in1: { kind: host, addresses: [192.168.1.10/24], gateway: 192.168.1.1 }
    in2: { kind: host, addresses: [192.168.1.11/24], gateway: 192.168.1.1 }
    lan: { kind: bridge }
    nat: { kind: nat, inside: 192.168.1.1/24, outside: 203.0.113.5/24, gateway: 203.0.113.1, timeouts: { udp: 30s } ${extra} }
    r:
      kind: router
      interfaces: { l: [203.0.113.1/24], r: { addresses: [198.51.100.1/24], mtu: 1300 } }
    out: { kind: host, addresses: [198.51.100.10/24], gateway: 198.51.100.1 }
  links:
    - { endpoints: ["in1:e", "lan:1"] }
    - { endpoints: ["in2:e", "lan:2"] }
    - { endpoints: ["lan:n", "nat:inside"] }
    - { endpoints: ["nat:outside", "r:l"] }
    - { endpoints: ["r:r", "out:e"] }
`;

function ping(lab: Lab, from: string, to: string, size = 100, df = false): PingProbe | undefined {
  let probe: PingProbe | undefined;
  const request = { destination: ip(to), count: 1, size, df, timeoutMs: 1000, intervalMs: 100 };
  lab.at(lab.now, (now) => lab.node(from, HostNode).ping(request, now, ([one]) => (probe = one)));
  lab.run({ until: () => probe !== undefined, everyMs: 1 });
  return probe;
}

/** Sends a datagram and answers whatever arrives at `out:4500`; gives the ports seen there and the answers seen inside. */
function conversation(lab: Lab): { seen: string[]; answers: string[]; speak: (from: string) => void } {
  const seen: string[] = [];
  const answers: string[] = [];
  const out = lab.node('out', HostNode);
  out.onUdp(4500, (payload, from) => {
    seen.push(`${from.address}:${from.port}`);
    out.sendUdp(4500, from, payload);
  });
  for (const name of ['in1', 'in2']) lab.node(name, HostNode).onUdp(500, () => answers.push(name));
  const speak = (from: string): void => {
    lab.node(from, HostNode).sendUdp(500, { address: ip('198.51.100.10'), port: 4500 }, new Uint8Array(50));
    lab.run({ until: after(lab.now, 100) });
  };
  return { seen, answers, speak };
}

test('pings go out under the outside address and come back (RFC 5508)', () => {
  const lab = labOf(BEHIND());
  assert.equal(ping(lab, 'in1', '198.51.100.10')?.result, 'reply');
  assert.equal(ping(lab, 'in1', '198.51.100.10', 4000)?.result, 'reply');
  assert.equal(ping(lab, 'in1', '192.168.1.1')?.result, 'reply');
  assert.equal(ping(lab, 'out', '203.0.113.5')?.result, 'reply');
  assert.equal(ping(lab, 'out', '192.168.1.10')?.result, 'unreachable');
});

test('two hosts with one source port get two outside ports, and each its own answers', () => {
  const lab = labOf(BEHIND());
  lab.run({ until: at(10) });
  const { seen, answers, speak } = conversation(lab);
  speak('in1');
  speak('in2');
  speak('in1');
  assert.deepEqual(seen, ['203.0.113.5:500', '203.0.113.5:20000', '203.0.113.5:500']);
  assert.deepEqual(answers, ['in1', 'in2', 'in1']);
  assert.deepEqual(
    lab
      .node('nat', NatNode)
      .mappings(lab.now)
      .map(({ insidePort, outsidePort, inside }) => `${inside} ${insidePort} ${outsidePort}`),
    ['192.168.1.10 500 500', '192.168.1.11 500 20000'],
  );
});

test('a mapping ends when nothing goes out for its time; inbound traffic alone does not keep it (RFC 4787 4.3)', () => {
  const lab = labOf(BEHIND());
  lab.run({ until: at(10) });
  const { answers, speak } = conversation(lab);
  const knock = (): void => {
    lab.node('out', HostNode).sendUdp(4500, { address: ip('203.0.113.5'), port: 500 }, new Uint8Array(1));
    lab.run({ until: after(lab.now, 100) });
  };
  speak('in1');
  lab.run({ until: after(lab.now, 20_000) });
  knock();
  assert.equal(answers.length, 2);
  lab.run({ until: after(lab.now, 15_000) });
  knock();
  assert.equal(answers.length, 2);
  assert.deepEqual(lab.node('nat', NatNode).mappings(lab.now), []);
});

test('after forget() a host appears from another port', () => {
  const lab = labOf(BEHIND());
  lab.run({ until: at(10) });
  const { seen, speak } = conversation(lab);
  speak('in1');
  lab.node('nat', NatNode).forget();
  speak('in1');
  assert.deepEqual(seen, ['203.0.113.5:500', '203.0.113.5:20000']);
});

test('strict filtering lets in only whom the inside spoke to (RFC 4787 section 5)', () => {
  for (const [filtering, wanted] of [
    ['endpoint-independent', 2],
    ['address-and-port', 1],
  ] as const) {
    const lab = labOf(BEHIND(`, filtering: ${filtering}`));
    lab.run({ until: at(10) });
    const { answers, speak } = conversation(lab);
    speak('in1');
    lab.node('out', HostNode).sendUdp(4501, { address: ip('203.0.113.5'), port: 500 }, new Uint8Array(1));
    lab.run({ until: after(lab.now, 100) });
    assert.equal(answers.length, wanted, filtering);
  }
});

test('an ICMP error about a translated packet finds its sender (RFC 5508 section 4)', () => {
  const lab = labOf(BEHIND());
  assert.deepEqual(ping(lab, 'in1', '198.51.100.10', 1400, true), {
    sequence: 0,
    result: 'too-big',
    from: ip('203.0.113.1'),
    mtu: 1300,
  });
  lab.node('in2', HostNode).sendUdp(999, { address: ip('198.51.100.10'), port: 1 }, new Uint8Array(8));
  lab.run({ until: after(lab.now, 100) });
  const [error] = lab.node('in2', HostNode).errors;
  assert.deepEqual([error?.kind, `${error?.from}`], ['unreachable', '198.51.100.10']);
});

test('hosts behind the NAT reach one another by its outside address (hairpinning)', () => {
  const lab = labOf(BEHIND());
  lab.run({ until: at(10) });
  const { speak } = conversation(lab);
  speak('in1');
  let from = '';
  lab.node('in1', HostNode).onUdp(500, (_payload, { address, port }) => (from = `${address}:${port}`));
  lab.node('in2', HostNode).sendUdp(77, { address: ip('203.0.113.5'), port: 500 }, new Uint8Array(3));
  lab.run({ until: after(lab.now, 100) });
  assert.equal(from, '203.0.113.5:77');
});

test('bare ESP is not translated', () => {
  const lab = labOf(BEHIND());
  lab.run({ until: at(10) });
  const fields = { source: ip('192.168.1.10'), destination: ip('198.51.100.10'), protocol: Protocol.ESP };
  lab.node('in1', HostNode).send(buildIp(fields, new Uint8Array(40)), fields.destination);
  lab.run({ until: after(lab.now, 100) });
  assert.equal(lab.node('nat', NatNode).counters['untranslatable'], 1);
});

test('a rewritten datagram has the right checksums, whatever it holds (RFC 1624)', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(0xffff),
      fc.nat(0xffff),
      fc.integer(),
      fc.constantFrom('source' as const, 'destination' as const),
      (payload, from, to, address, side) => {
        const [source, destination] = [ip('10.0.0.1'), ip('10.0.0.2')];
        const udp = buildUdp({ address: source, port: from }, { address: destination, port: to }, payload);
        const packet = buildIp({ source, destination, protocol: Protocol.UDP }, udp);
        const before = parseIp(packet);
        assert.ok(before.ok);
        rewrite(before.value, packet, side, IpAddress.v4(address), 4321);
        const parsed = parseIp(packet);
        assert.ok(parsed.ok);
        assert.equal(portOf(parsed.value, packet, side), 4321);
        assert.ok(parseUdp(parsed.value, packet).ok);
      },
    ),
    { numRuns: 200 },
  );
});

test('ports run out without a throw', () => {
  const table = new NatTable({ timeouts: { udpMs: 10, icmpMs: 10, tcpMs: 10 }, filtering: 'endpoint-independent' });
  table.forget();
  let given = 0;
  for (let i = 0; i < 40_002; i++) {
    if (table.outbound(17, IpAddress.v4(i), 1, 'x', at(0)) !== undefined) given++;
    if (i === 40_000) break;
  }
  assert.equal(given, 40_000);
  assert.ok(table.outbound(17, ip('9.9.9.9'), 1, 'x', at(20)) !== undefined);
});
