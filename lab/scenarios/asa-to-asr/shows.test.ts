/**
 * Every `show` that this design is verified by, asked of both devices as they run, held to files beside this one. What
 * differs from run to run is left out: times, counters, SPIs. WRITE_SCENARIOS=1 writes the files anew.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, assertPings, converge, openScenario } from '../scenario.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'shows');
const isWriting = process.env['WRITE_SCENARIOS'] === '1';

const SHOWS = {
  'asr-wan01': [
    'show crypto ikev2 sa',
    'show crypto ikev2 sa detailed',
    'show crypto ikev2 session detailed',
    'show crypto ikev2 proposal',
    'show crypto ikev2 proposal default',
    'show crypto ikev2 policy',
    'show crypto ikev2 profile',
    'show crypto ikev2 stats',
    'show crypto session',
    'show crypto session detail',
    'show crypto session brief',
    'show crypto ipsec sa',
    'show crypto ipsec sa detail',
    'show crypto ipsec sa | include mtu',
    'show crypto ipsec profile',
    'show crypto ipsec transform-set',
    'show ip bgp',
    'show ip bgp summary',
    'show ip bgp neighbors',
    'show ip route',
    'show ip route vrf INET',
    'show interfaces Tunnel10',
    'show interfaces Tunnel10 | include Tunnel transport MTU',
    'show ip interface brief',
    'show vrf',
    'show vrf detail',
    'show derived-config interface Tunnel10',
    'show running-config interface Tunnel10',
    'show logging',
  ],
  'asa-xfw01': [
    'show crypto ikev2 sa',
    'show crypto ikev2 sa detail',
    'show crypto ipsec sa',
    'show crypto ipsec sa | include overhead',
    'show vpn-sessiondb l2l',
    'show vpn-sessiondb detail l2l',
    'show interface Tunnel10',
    'show interface ip brief',
    'show nameif',
    'show route',
    'show bgp',
    'show bgp summary',
    'show bgp neighbors',
  ],
} as const;

const scenario = openScenario('examples/asa-to-asr/topology.yaml');
converge(scenario, 20_000);
assertPings(scenario);

/** The text with a word in the place of what another run would have otherwise. Columns stay where they are. */
function settled(text: string): string {
  const same = (word: string) => (found: string) => word.padEnd(found.length, '.').slice(0, found.length);
  return text
    .replaceAll(/\b[A-Z][a-z]{2} +\d{1,2}(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d{3})?(?: UTC)?/g, '<date>')
    .replaceAll(/\b\d\d:\d\d:\d\d(?: UTC)?(?: [A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d{4})?/g, same('<time>'))
    .replaceAll(/\b\d+h:\d+m:\d+s/g, '<time>')
    .replaceAll(/\b0x[\dA-Fa-f]{7,8}(?:\/0x[\dA-Fa-f]{7,8}| ?\(\d+\))?/g, '<spi>')
    .replaceAll(/\b[\dA-F]{16}\b/g, same('<ike-spi>'))
    .replaceAll(/(current (?:out|in)bound spi ?: )[\dA-F]{7,8}\b/g, '$1<spi>')
    .replaceAll(/\((?:\d+\/)\d+\)/g, '(<left>)')
    .replaceAll(/(Life\/Active Time: \d+\/)\d+/g, '$1<active>')
    .replaceAll(/(#(?:pkts|send|recv|PMTUs|pre-frag)[^:,\n]*?:? ?)\d+/g, '$1<n>')
    .replaceAll(/(#pkts (?:dec'ed|enc'ed)|drop) \d+/g, '$1 <n>')
    .replaceAll(/(life \(KB\/Sec\) )\d+\/\d+/g, '$1<left>')
    .replaceAll(/(conn[ _]id: ?|flow_id: \w+:|sibling_flags |connid:|Index {8}: )[\dA-F]+/g, '$1<id>')
    .replaceAll(/(Tunnel ID {4}: )\d+/g, '$1<id>')
    .replaceAll(/(Bytes [TR]x {5}: )\d+ */g, '$1<n> ')
    .replaceAll(/(Pkts [TR]x {6}: )\d+ */g, '$1<n> ')
    .replaceAll(/(Left\([TD]\): |Idle TO Left : )\d+/g, '$1<left>')
    .replaceAll(/(Local|Remote) (req|next) (mess|msg) id: +\d+ */g, '$1 $2 $3 id: <n> ')
    .replaceAll(/^( *)\d+( (?:packets (?:in|out)put|input errors|output errors|bytes).*)$/gm, '$1<n>')
    .replaceAll(/^(.* minute (?:in|out)put rate ).*$/gm, '$1<n>')
    .replaceAll(/^(.*\b(?:Total|Opens|Notifications|Updates|Keepalives|Route Refresh): +).*$/gm, '$1<n>')
    .replaceAll(/^(Datagrams|Rcvd|Sent|SRTT|iss|irs|minRTT|Status Flags|Local host|Foreign host)\b.*$/gm, '$1 <tcp>')
    .replaceAll(/(4 {8,}6500\d) +\d+ +\d+ +\d+ +\d+ +\d+ +\S+ +/g, '$1 <n> ')
    .replaceAll(/((?:table version is|version) )\d+/g, '$1<n>')
    .replaceAll(/0x[\dA-F]{8}(?: 0x[\dA-F]{8})+/g, '<bitmap>')
    .replaceAll(/Tunnel-id(.*)\n +\d+ /g, 'Tunnel-id$1\n<id> ');
}

const fileOf = (device: string, line: string): string =>
  `${device} ${line}.txt`.replaceAll(/\|/g, 'only').replaceAll(' ', '-');

for (const [device, lines] of Object.entries(SHOWS)) {
  for (const line of lines) {
    test(`${device}# ${line}`, () => {
      const text = settled(ask(scenario, device, line));
      const file = join(folder, fileOf(device, line));
      if (isWriting) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, text);
      }
      assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '(no file)');
    });
  }
}

test('every file belongs to a command', () => {
  const names = new Set(Object.entries(SHOWS).flatMap(([device, lines]) => lines.map((line) => fileOf(device, line))));
  assert.deepEqual(
    readdirSync(folder).filter((file) => !names.has(file)),
    [],
  );
});

/** The document asks for exactly these lines. Both ends without NAT: 62 bytes and 63(44) are those behind one. */
test("the document's own verification gives its lines with its numbers", () => {
  const asr = (line: string): string => ask(scenario, 'asr-wan01', line).trim();
  assert.equal(
    asr('show crypto ipsec sa | in mtu'),
    'plaintext mtu 1446, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/1',
  );
  assert.equal(asr('show int tun10 | in Tunnel transport MTU'), 'Tunnel transport MTU 1446 bytes');
  assert.equal(
    ask(scenario, 'asa-xfw01', 'show crypto ipsec sa peer 203.0.113.2 | in overhead').trim(),
    'path mtu 1500, ipsec overhead 55(36), media mtu 1500',
  );
});
