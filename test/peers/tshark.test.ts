/**
 * A second, independent reading of what the lab puts on its links: Debian's tshark with the exported keys opens IKE and
 * ESP, verifies every integrity check value and every checksum inside, and finds nothing to complain of.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { at } from '../../src/base/index.ts';
import { type BuiltCommand, buildCommand, root } from '../../src/cli/command-fixture.ts';
import { openLab } from '../../src/cli/open-lab.ts';
import { PcapngWriter } from '../../src/lab/index.ts';
import { type Capture, fileFacts, framesOf, requireTshark, textOf } from './tshark.ts';

/** Numbers of "IKEv2 Exchange Types", "IKEv2 Payload Types" and "BGP Message Types" (IANA). */
const IKE_AUTH = '35';
const SEALED_EXCHANGES = ['35', '37'];
const [SA, IDI, IDR, AUTH, TSI, TSR] = ['33', '35', '36', '39', '44', '45'];
const SHARED_KEY_MIC = '2';
const [OPEN, UPDATE, KEEPALIVE] = ['1', '2', '4'];
/** Expert severities of Wireshark: chat, note, warning, error; a warning is the least that is looked at here. */
const WARNING = 0x600000;

type Case = Readonly<{
  name: string;
  topology: string;
  link: string;
  /** The suites by Wireshark's own names. */
  ikeCipher: string;
  espCipher: string;
  group: string;
  /** Identities that IKE_AUTH carries in this capture, both directions. */
  identities: readonly string[];
  ikePorts: readonly string[];
  isInUdp: boolean;
  /** Echo requests and replies inside the tunnels: source and destination. */
  echoes: readonly (readonly [source: string, destination: string])[];
}>;

const cases: readonly Case[] = [
  {
    name: 'AES-CBC-128 with HMAC-SHA1 in ESP, AES-CBC-256 with HMAC-SHA384 in IKE',
    topology: 'examples/hub-and-spoke/topology.yaml',
    link: 'spoke1-outside',
    ikeCipher: 'AES-CBC-256 [RFC3602]',
    espCipher: 'AES-CBC [RFC3602]',
    group: '19',
    identities: ['10.0.0.1', '10.0.0.253', '10.0.0.254'],
    ikePorts: ['500'],
    isInUdp: false,
    echoes: [
      ['10.1.1.10', '10.250.0.10'],
      ['10.1.2.10', '10.1.1.10'],
      ['2001:db8:1:1::10', '2001:db8:1:2::10'],
    ],
  },
  {
    name: 'AES-GCM-256 in ESP and IKE, over IPv6',
    topology: 'lab/scenarios/ipv6-outside/topology.yaml',
    link: 'outside',
    ikeCipher: 'AES-GCM-256 with 16 octet ICV [RFC5282]',
    espCipher: 'AES-GCM with 16 octet ICV [RFC4106]',
    group: '31',
    identities: ['2001:db8::1', '2001:db8::253'],
    ikePorts: ['500'],
    isInUdp: false,
    echoes: [
      ['10.1.1.10', '10.250.0.10'],
      ['2001:db8:250::10', '2001:db8:1:1::10'],
    ],
  },
  {
    name: 'behind NAT: IKE and ESP in UDP port 4500, AES-GCM-128 in ESP',
    topology: 'lab/scenarios/behind-nat/topology.yaml',
    link: 'nat-outside',
    ikeCipher: 'AES-CBC-256 [RFC3602]',
    espCipher: 'AES-GCM with 16 octet ICV [RFC4106]',
    group: '19',
    identities: ['10.0.0.253', '192.168.1.1', '192.168.1.2'],
    ikePorts: ['500', '4500'],
    isInUdp: true,
    echoes: [
      ['10.1.1.10', '10.250.0.10'],
      ['10.1.1.10', '10.1.2.10'],
    ],
  },
];

let command: BuiltCommand;
before(() => {
  requireTshark();
  command = buildCommand();
});
after(() => command?.remove());

/** Runs a topology as a user does, and gives the capture of one link with the keys of the whole lab. */
function captureOf(topology: string, link: string): Capture {
  const keys = join(command.scratch, `${link}-keys`);
  const file = join(command.scratch, `${link}.pcapng`);
  const ended = command.run('lab', 'run', topology, '--virtual-time', '--capture', `${link}=${file}`, '--keys', keys);
  assert.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
  return { file, keys };
}

const distinct = (values: Iterable<string>): string[] => [...new Set(values)].sort();
const ESP_FRAMES = 'esp';

for (const row of cases) {
  describe(row.name, () => {
    let capture: Capture;
    before(() => {
      capture = captureOf(row.topology, row.link);
    });

    test('the file is whole: one named interface, every frame at full length, times in order', () => {
      const facts = fileFacts(capture);
      const frames = framesOf(capture, '', [
        'frame.len',
        'frame.cap_len',
        'frame.interface_name',
        'frame.time_relative',
      ]);
      assert.match(facts.get('File type') ?? '', /pcapng$/);
      assert.equal(facts.get('File encapsulation'), 'Ethernet');
      assert.equal(facts.get('Number of interfaces in file'), '1');
      assert.equal(facts.get('Name'), row.link);
      assert.equal(facts.get('Strict time order'), 'True');
      assert.equal(facts.get('Number of packets'), String(frames.length));
      assert.ok(frames.length > 30, `${frames.length} frames`);
      for (const [[length], [captured], [name]] of frames as [string[], string[], string[]][]) {
        assert.equal(captured, length);
        assert.equal(name, row.link);
      }
      const times = frames.map((frame) => Number(frame[3]?.[0]));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    });

    test('nothing is malformed, and no checksum is wrong, outside or in', () => {
      assert.deepEqual(framesOf(capture, '_ws.malformed || _ws.unreassembled', ['frame.number']), []);
      const faults = framesOf(capture, `_ws.expert.severity >= ${WARNING}`, ['frame.number', '_ws.expert.message']);
      // A BGP connection that lost the collision (RFC 4271 section 6.8) may be reset: that is TCP at work.
      assert.deepEqual(
        faults.filter(([, messages]) => messages?.some((message) => !message.startsWith('Connection reset'))),
        [],
      );
      const checksums = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status`);
      const bad = checksums.map((field) => `${field} == 0`).join(' || ');
      assert.deepEqual(framesOf(capture, bad, ['frame.number', '_ws.col.Info']), []);
      assert.notDeepEqual(framesOf(capture, 'tcp.checksum.status == 1', ['frame.number']), [], 'they were verified');
    });

    test('IKE_SA_INIT shows the key exchange, and every later message is opened and verified', () => {
      const groups = framesOf(capture, 'isakmp.exchangetype == 34', ['isakmp.key_exchange.dh_group']);
      assert.deepEqual(distinct(groups.flat(2)), [row.group]);
      const ike = framesOf(capture, 'isakmp', ['isakmp.exchangetype']);
      const towardsHub = framesOf(capture, 'isakmp.flag_i == 1', ['udp.dstport']);
      assert.deepEqual(distinct(towardsHub.flat(2)), row.ikePorts.toSorted());
      const sealed = ike.filter(([exchange]) => SEALED_EXCHANGES.includes(exchange?.[0] ?? ''));
      const text = textOf(
        capture,
        SEALED_EXCHANGES.map((exchange) => `isakmp.exchangetype == ${exchange}`).join(' || '),
      );
      assert.ok(sealed.length > 0);
      assert.equal([...text.matchAll(/Integrity Checksum Data: .*\[correct\]/g)].length, sealed.length);
      assert.equal([...text.matchAll(/\bDecrypted Data \(/g)].length, sealed.length);
      assert.equal(text.split(`<${row.ikeCipher}>`).length - 1, sealed.length);
    });

    test('IKE_AUTH shows identities, authentication and traffic selectors', () => {
      const frames = framesOf(capture, `isakmp.exchangetype == ${IKE_AUTH}`, [
        'isakmp.flag_r',
        'isakmp.typepayload',
        'isakmp.id.data.ipv4_addr',
        'isakmp.id.data.ipv6_addr',
        'isakmp.auth.method',
        'isakmp.ts.start_ipv4',
        'isakmp.ts.end_ipv4',
      ]);
      assert.ok(frames.length >= 2);
      for (const [response = [], payloads = [], , , methods = [], starts = [], ends = []] of frames) {
        const identity = response[0] === '1' ? IDR : IDI;
        for (const wanted of [identity, AUTH, SA, TSI, TSR])
          assert.ok(payloads.includes(wanted ?? ''), `payload ${wanted}`);
        assert.deepEqual(methods, [SHARED_KEY_MIC]);
        // A route-based tunnel negotiates everything to everything.
        assert.deepEqual([distinct(starts), distinct(ends)], [['0.0.0.0'], ['255.255.255.255']]);
      }
      const identities = frames.flatMap(([, , v4 = [], v6 = []]) => [...v4, ...v6]);
      assert.deepEqual(distinct(identities), row.identities.toSorted());
    });

    test('every ESP packet is authentic, opened and in sequence', () => {
      const frames = framesOf(capture, ESP_FRAMES, ['esp.icv_good', 'esp.icv_bad', 'esp.contained_data', 'udp.port']);
      assert.ok(frames.length > 20, `${frames.length} ESP packets`);
      for (const [good = [], bad = [], , ports = []] of frames) {
        assert.deepEqual([good, bad], [['1'], ['0']]);
        assert.equal(ports.includes('4500'), row.isInUdp);
      }
      assert.equal(framesOf(capture, 'esp && esp.protocol', ['esp.protocol']).length, frames.length, 'all were opened');
      assert.deepEqual(framesOf(capture, 'esp.sequence-analysis.wrong-sequence-number', ['frame.number']), []);
      const rows = readFileSync(join(capture.keys, 'esp_sa'), 'utf8').trim().split('\n');
      for (const one of rows) assert.ok(one.includes(`"${row.espCipher}"`), one);
    });

    test('BGP is read inside ESP: OPEN, UPDATE and KEEPALIVE', () => {
      const frames = framesOf(capture, 'esp && bgp', ['bgp.type']);
      const types = distinct(frames.flat(2));
      for (const type of [OPEN, UPDATE, KEEPALIVE]) assert.ok(types.includes(type ?? ''), `type ${type} of ${types}`);
      assert.deepEqual(framesOf(capture, 'bgp && !esp', ['frame.number']), [], 'none passes outside of ESP');
      const announced = framesOf(capture, 'esp && bgp.type == 2', [
        'bgp.nlri_prefix',
        'bgp.update.path_attribute.type_code',
      ]);
      assert.ok(announced.flatMap(([prefixes]) => prefixes ?? []).includes('10.250.0.0'), 'the prefix behind the hub');
    });

    test('echo requests and their replies are read inside ESP', () => {
      for (const [source, destination] of row.echoes) {
        const isV6 = source.includes(':');
        const [ip, icmp] = isV6 ? ['ipv6', 'icmpv6'] : ['ip', 'icmp'];
        const [request, reply] = isV6 ? [128, 129] : [8, 0];
        const there = `esp && ${icmp}.type == ${request} && ${ip}.src == ${source} && ${ip}.dst == ${destination}`;
        const back = `esp && ${icmp}.type == ${reply} && ${ip}.src == ${destination} && ${ip}.dst == ${source}`;
        assert.notDeepEqual(framesOf(capture, there, ['frame.number']), [], `request ${source} to ${destination}`);
        assert.notDeepEqual(framesOf(capture, back, ['frame.number']), [], `reply ${destination} to ${source}`);
      }
      assert.deepEqual(framesOf(capture, '(icmp.type == 8 || icmpv6.type == 128) && !esp', ['frame.number']), []);
    });

    test('with other keys nothing is opened: what is read above comes from these keys', () => {
      const keys = join(command.scratch, `${row.link}-other-keys`);
      mkdirSync(keys);
      for (const name of ['esp_sa', 'ikev2_decryption_table']) {
        // The first digits of every key that is 128 bits or longer; SPIs are shorter and stay.
        const spoilt = readFileSync(join(capture.keys, name), 'utf8').replace(
          /\b(0x)?[0-9a-f]{6}(?=[0-9a-f]{26})/g,
          '$1abcdef',
        );
        writeFileSync(join(keys, name), spoilt);
      }
      const other = { file: capture.file, keys };
      const frames = framesOf(other, ESP_FRAMES, ['esp.icv_good']);
      assert.deepEqual(distinct(frames.flat(2)), ['0']);
      assert.deepEqual(framesOf(other, 'bgp || isakmp.auth.method', ['frame.number']), []);
    });
  });
}

test('after every rekeying of child and IKE SAs the new keys open what follows', () => {
  // The shortest lifetimes that the platform takes, so that six virtual minutes hold several rekeyings of both kinds.
  const folder = join(command.scratch, 'short-lived');
  cpSync(join(root, 'lab/scenarios/ipv6-outside'), folder, { recursive: true });
  for (const name of ['hub.cfg', 'spoke.cfg']) {
    const text = readFileSync(join(folder, name), 'utf8')
      .replace(/^ prf sha512$/m, '$&\n lifetime seconds 120')
      .replace(/^ set pfs group31$/m, '$&\n set security-association lifetime seconds 120');
    writeFileSync(join(folder, name), text);
  }
  const said: string[] = [];
  const opened = openLab(join(folder, 'topology.yaml'), 1, (text) => said.push(text));
  assert.ok(opened, said.join('\n'));
  assert.deepEqual(said, []);
  const file = join(folder, 'outside.pcapng');
  const blocks: Uint8Array[] = [];
  opened.lab.capture(new PcapngWriter((bytes) => blocks.push(bytes.slice())), ['outside']);
  opened.lab.run({ until: at(360_000) });
  writeFileSync(file, Buffer.concat(blocks));
  writeFileSync(join(folder, 'esp_sa'), opened.keys.espSa);
  writeFileSync(join(folder, 'ikev2_decryption_table'), opened.keys.ikev2DecryptionTable);
  const capture: Capture = { file, keys: folder };

  const ike = framesOf(capture, 'isakmp.exchangetype == 36 && isakmp.flag_r == 0', ['isakmp.prop.protoid']);
  const rekeyings = ike.map(([protocols]) => protocols?.[0]);
  for (const [protocol, name] of [
    ['1', 'IKE'],
    ['3', 'child'],
  ]) {
    const times = rekeyings.filter((one) => one === protocol).length;
    assert.ok(times >= 2, `${times} rekeyings of ${name} SAs`);
  }
  const esp = framesOf(capture, 'esp', ['esp.spi', 'esp.icv_good', 'esp.protocol']);
  assert.ok(
    distinct(esp.flatMap(([spi]) => spi ?? [])).length >= 6,
    'packets under the first SA pair and two later ones',
  );
  assert.deepEqual(
    esp.filter(([, good, protocol]) => good?.[0] !== '1' || protocol === undefined),
    [],
  );
  assert.deepEqual(framesOf(capture, `_ws.malformed || _ws.expert.severity >= ${WARNING}`, ['frame.number']), []);
  const sealed = framesOf(capture, 'isakmp && isakmp.exchangetype != 34', ['isakmp.enc.decrypted']);
  assert.deepEqual(
    sealed.filter(([decrypted]) => decrypted?.length === 0),
    [],
  );
});
