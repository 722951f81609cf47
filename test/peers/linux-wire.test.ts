/** IKE, ESP and ICMP between two systems in namespaces, over IPv4 and IPv6. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { IpAddress, toHex } from '../../src/base/index.ts';
import { buildEcho, buildIp, buildUdp, fragmentIp, type IpHeader, parseIp, parseUdp } from '../../src/ip/index.ts';
import { LinuxPeer } from './linux-peer.ts';
import { type Namespace, Namespaces } from './namespaces.ts';

const namespaces = new Namespaces('wire');
let left: LinuxPeer;
let right: LinuxPeer;
let rightSide: Namespace;

const families = [
  { family: 4, near: '10.81.0.1', far: '10.81.0.2' },
  { family: 6, near: 'fd81::1', far: 'fd81::2' },
] as const;

before(async () => {
  const leftSide = await namespaces.add('l');
  rightSide = await namespaces.add('r');
  await namespaces.cable(
    { at: leftSide, name: 'eth0', addresses: ['10.81.0.1/24', 'fd81::1/64'] },
    { at: rightSide, name: 'eth0', addresses: ['10.81.0.2/24', 'fd81::2/64'] },
  );
  left = LinuxPeer.start(leftSide);
  right = LinuxPeer.start(rightSide);
  for (const [peer, addresses] of [
    [left, ['10.81.0.1', 'fd81::1']],
    [right, ['10.81.0.2', 'fd81::2']],
  ] as const) {
    assert.deepEqual(await peer.opened(), { ok: true });
    for (const address of addresses) await peer.succeeds('listen', address);
  }
});

after(() => namespaces.close());

function address(text: string): IpAddress {
  const parsed = IpAddress.parse(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

function header(packet: Uint8Array): IpHeader {
  const parsed = parseIp(packet);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

/** An IKE header (RFC 7296 section 3.1) and a mark to know it by. */
function ike(responderSpi: number, exchange: number, nextPayload: number, mark: number, length = 60): Uint8Array {
  const message = new Uint8Array(length).fill(0xa5);
  message.fill(0, 8, 16);
  message[15] = responderSpi;
  message[16] = nextPayload;
  message[18] = exchange;
  message[length - 1] = mark;
  return message;
}

const marked = (mark: number) => (packet: Uint8Array) => packet.at(-1) === mark;

for (const { family, near, far } of families) {
  const source = address(near);
  const destination = address(far);
  const udp = (port: number, payload: Uint8Array, tos = 0): string =>
    toHex(
      buildIp(
        { source, destination, protocol: 17, tos, df: true },
        buildUdp({ address: source, port }, { address: destination, port }, payload),
      ),
    );

  test(`IKE on both ports arrives as a whole IPv${family} packet with its sums, ports and type of service`, async () => {
    const messages = [
      { port: 500, mark: family * 10 + 1, payload: ike(0, 34, 33, family * 10 + 1) },
      { port: 500, mark: family * 10 + 2, payload: ike(0, 34, 41, family * 10 + 2) },
      { port: 500, mark: family * 10 + 3, payload: ike(7, 35, 46, family * 10 + 3) },
      { port: 4500, mark: family * 10 + 4, payload: Uint8Array.of(0, 0, 0, 0, ...ike(0, 34, 33, family * 10 + 4)) },
      { port: 4500, mark: family * 10 + 5, payload: Uint8Array.of(0, 0, 1, 0, ...ike(0, 0, 0, family * 10 + 5)) },
    ];
    for (const { port, mark, payload } of messages) {
      await left.order('sendOuter', udp(port, payload, 0xb9));
      const packet = await right.packet(`message ${mark}`, 'outer', marked(mark));
      const ip = header(packet);
      assert.equal(ip.source.toString(), near);
      assert.equal(ip.destination.toString(), far);
      assert.equal(ip.totalLength, packet.length);
      assert.equal(ip.tos, 0xb9);
      assert.equal(ip.ttl, 64);
      const datagram = parseUdp(ip, packet);
      assert.ok(datagram.ok, JSON.stringify(datagram));
      assert.equal(datagram.value.sourcePort, port);
      assert.equal(datagram.value.destinationPort, port);
      assert.deepEqual([...datagram.value.payload], [...payload]);
    }
  });

  test(`ESP arrives over IPv${family} as it was sent`, async () => {
    const mark = family * 10 + 7;
    const payload = new Uint8Array(200).fill(0x5e);
    payload[199] = mark;
    await left.order('sendOuter', toHex(buildIp({ source, destination, protocol: 50, tos: 0x03 }, payload)));
    const packet = await right.packet('ESP', 'outer', marked(mark));
    const ip = header(packet);
    assert.equal(ip.protocol, 50);
    assert.equal(ip.tos, 0x03);
    assert.equal(ip.source.toString(), near);
    assert.deepEqual([...packet.subarray(ip.payloadOffset)], [...payload]);
  });

  test(`fragments go out as they are and arrive together over IPv${family}`, async () => {
    const mark = family * 10 + 8;
    const payload = new Uint8Array(4000).fill(0x11);
    payload[3999] = mark;
    const fields = { source, destination, protocol: 50, identification: 77 };
    const fragments = fragmentIp(buildIp(fields, payload), 1400, 77);
    assert.ok(fragments.length > 2);
    for (const fragment of fragments) await left.order('sendOuter', toHex(fragment));
    const packet = await right.packet('the whole', 'outer', marked(mark));
    const ip = header(packet);
    assert.equal(packet.length - ip.payloadOffset, 4000);
    assert.equal(ip.moreFragments, false);
  });

  test(`echo replies and ICMP errors arrive over IPv${family}, echo requests are the kernel's`, async () => {
    const data = Uint8Array.of(1, 2, 3, family * 10 + 9);
    const echo = { source, destination, id: 4711, sequence: 1, data, reply: false };
    await left.order('sendOuter', toHex(buildEcho(echo)));
    const reply = await left.packet('the echo reply', 'outer', marked(family * 10 + 9));
    const ip = header(reply);
    assert.equal(ip.source.toString(), far);
    assert.equal(ip.destination.toString(), near);
    assert.equal(reply[ip.payloadOffset], family === 4 ? 0 : 129);
    // Nobody has port 9 there.
    await left.order(
      'sendOuter',
      toHex(
        buildIp(
          { source, destination, protocol: 17 },
          buildUdp({ address: source, port: 500 }, { address: destination, port: 9 }, data),
        ),
      ),
    );
    const unreachable = family === 4 ? 3 : 1;
    const error = await left.packet('the ICMP error', 'outer', (packet) => {
      const at = header(packet);
      return (
        (at.protocol === 1 || at.protocol === 58) && packet[at.payloadOffset] === unreachable && at.family === family
      );
    });
    assert.equal(header(error).source.toString(), far);
  });
}

/** IKE_SA_INIT with SA, KE and nonce, a cookie before them if there is one (RFC 7296 section 2.6). */
function firstRequest(mark: number, cookie: Uint8Array = new Uint8Array(0)): Uint8Array {
  const payload = (next: number, body: Uint8Array): number[] => [next, 0, 0, 4 + body.length, ...body];
  const body = [
    ...(cookie.length === 0 ? [] : payload(33, Uint8Array.of(0, 0, 0x40, 0x06, ...cookie))),
    ...payload(34, new Uint8Array(40)),
    ...payload(40, new Uint8Array(32)),
    ...payload(0, new Uint8Array(32).fill(mark)),
  ];
  const header = new Uint8Array(28);
  header.fill(mark, 0, 8);
  header.set([cookie.length === 0 ? 33 : 41, 0x20, 34, 0x08], 16);
  header[27] = 28 + body.length;
  return Uint8Array.of(...header, ...body);
}

for (const { near, far } of families) {
  for (const port of [500, 4500]) {
    test(`in a flood strangers at ${far} port ${port} are asked for a cookie, and let in with it`, async () => {
      const marker = port === 500 ? [] : [0, 0, 0, 0];
      const mark = 150 + port / 500 + (near.includes(':') ? 20 : 0);
      const send = (message: Uint8Array): Promise<unknown> => {
        const [source, destination] = [address(near), address(far)];
        const ends = [
          { address: source, port },
          { address: destination, port },
        ] as const;
        const datagram = buildUdp(...ends, Uint8Array.of(...marker, ...message));
        return left.order('sendOuter', toHex(buildIp({ source, destination, protocol: 17 }, datagram)));
      };
      await right.order('demandCookies', '0102030405060708090a0b0c0d0e0f10');
      await send(firstRequest(mark));
      const initiatorSpi = Buffer.alloc(8, mark).toString('hex');
      const answer = await left.packet('the demand', 'outer', (packet) => {
        const at = header(packet);
        return at.source.toString() === far && toHex(packet.subarray(at.payloadOffset)).includes(initiatorSpi);
      });
      const reply = answer.subarray(header(answer).payloadOffset + 8 + marker.length);
      // HDR(SPIi, 0), N(COOKIE)
      assert.equal(reply[16], 41);
      assert.equal(reply[18], 34);
      assert.equal(reply[19], 0x20);
      assert.deepEqual([...reply.subarray(34, 36)], [0x40, 0x06]);
      const cookie = reply.subarray(36);
      await send(firstRequest(mark, cookie));
      const admitted = await right.packet('the request with the cookie', 'outer', (packet) =>
        toHex(packet).includes(toHex(firstRequest(mark, cookie))),
      );
      assert.equal(header(admitted).source.toString(), near);
      const without = toHex(firstRequest(mark));
      assert.ok(!right.events.some(({ packets }) => packets?.some((hex) => hex.includes(without))));
      await right.report('that cookies were demanded', ({ kind }) => kind === 'cookies-answered');
      await right.order('demandCookies');
      await send(firstRequest(mark));
      await right.packet('a request when the flood is over', 'outer', (packet) => toHex(packet).includes(without));
    });
  }
}

test('what can not be sent is counted and does no harm', async () => {
  const source = address('10.81.0.1');
  const beyond = buildIp({ source, destination: address('203.0.113.9'), protocol: 50 }, new Uint8Array(20));
  const big = buildIp({ source, destination: address('10.81.0.2'), protocol: 50, df: true }, new Uint8Array(3000));
  for (const packet of [toHex(beyond), toHex(big), '', '45', '6000', 'ff'.repeat(60)]) {
    await left.order('sendOuter', packet);
  }
  const counters = (await left.order('counters')) as Record<string, number>;
  assert.equal(counters['outer-too-big'], 1);
  assert.equal(counters['outer-malformed-sent'], 2);
  assert.ok((counters['outer-unreachable'] ?? 0) >= 3, JSON.stringify(counters));
});

test('a source that is not ours any more is no reason to keep a packet', async () => {
  const source = address('192.0.2.77');
  const packet = buildIp({ source, destination: address('10.81.0.2'), protocol: 50 }, Uint8Array.of(1, 2, 3, 99));
  await left.order('sendOuter', toHex(packet));
  const arrived = await right.packet('a packet of a strange source', 'outer', marked(99));
  assert.equal(header(arrived).source.toString(), '192.0.2.77');
});

test('an address that is given up is not heard any more, and may be listened on again', async () => {
  const payload = (mark: number): string =>
    toHex(
      buildIp(
        { source: address('10.81.0.1'), destination: address('10.81.0.2'), protocol: 50 },
        Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 1, mark),
      ),
    );
  await right.order('unlisten', '10.81.0.2');
  await left.order('sendOuter', payload(201));
  await right.succeeds('listen', '10.81.0.2');
  await left.order('sendOuter', payload(202));
  await right.packet('ESP after listening again', 'outer', marked(202));
  assert.ok(!right.events.some(({ packets }) => packets?.some((hex) => hex.endsWith('c9'))));
});

test('a port in use is a fault that says by whom it may be, also when a second one of us asks', async () => {
  const other = LinuxPeer.start(rightSide);
  assert.deepEqual(await other.opened(), { ok: true });
  const answer = await other.result('listen', '10.81.0.2');
  assert.equal(answer.ok, false);
  assert.equal(answer.error?.['code'], 'EADDRINUSE');
  assert.match(answer.error?.['text'] ?? '', /UDP port 500 of 10\.81\.0\.2: another process uses it already/);
  assert.match(answer.error?.['remedy'] ?? '', /ss -ulpn/);
  const nowhere = await other.result('listen', '10.81.0.99');
  assert.equal(nowhere.error?.['code'], 'EADDRNOTAVAIL');
  await other.process.stop();
});

test('without capabilities it says which are missing', async () => {
  const bounded = LinuxPeer.start(rightSide, [
    'setpriv',
    '--bounding-set=-net_admin,-net_raw',
    '--inh-caps=-all',
    '--',
  ]);
  const opened = await bounded.opened();
  assert.equal(opened.ok, false);
  assert.equal(opened.error?.['code'], 'EPERM');
  assert.match(opened.error?.['remedy'] ?? '', /CAP_NET_ADMIN CAP_NET_RAW/);
});
