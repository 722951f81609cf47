/**
 * 100,000 IKE_SA_INIT requests a second from forged addresses for half a minute: honest peers get in all the same, and
 * the gateway grows no larger (RFC 7296 section 2.6).
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../src/base/index.ts';
import { connect, pair } from '../../src/ike/pair.fixture.ts';
import { Namespaces } from './namespaces.ts';
import { until } from './until.ts';
import { type BuiltCommand, installCommand, Wheelwright } from './wheelwright.ts';

const RATE = 100_000;
const SECONDS = 30;
/** What is still a flood where the machine has no time to send more. */
const LEAST_RATE = 25_000;
const PEERS = 100;
/** What a peer waits for at most: as long as an initiator keeps asking. */
const PATIENCE_MS = 30_000;
const PRIORITY = -10;
const MOST_GROWTH_KIB = 128 << 10;

const HUB = '192.0.2.1';
const CONFIG = `hostname HUB
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address ${HUB} 255.255.255.0
 no shutdown
interface Loopback1
 nameif LOOPBACK
 ip address 10.250.0.1 255.255.255.255
interface virtual-Template 1 type tunnel
 nameif DVTI
 ip unnumbered LOOPBACK
 tunnel source interface outside
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
crypto ipsec ikev2 ipsec-proposal P
 protocol esp encryption aes-gcm
 protocol esp integrity null
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 31
 prf sha256
 lifetime seconds 86400
crypto ikev2 enable outside
tunnel-group DefaultL2LGroup ipsec-attributes
 peer-id-validate nocheck
 virtual-template 1
 ikev2 remote-authentication pre-shared-key cisco
 ikev2 local-authentication pre-shared-key cisco
`;

describe('a flood of forged requests', () => {
  const all = new Namespaces('flood');
  let command: BuiltCommand | undefined;
  let wheelwright: Wheelwright | undefined;

  before(async () => {
    command = installCommand();
    const [hub, peers, storm] = [await all.add('hub'), await all.add('peers'), await all.add('storm')];
    for (const one of [hub, peers, storm]) {
      await one.sysctl('net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0');
      await one.sysctl('net.ipv4.ip_forward=0');
    }
    const honest = Array.from({ length: PEERS }, (_, i) => `192.0.2.${i + 101}/24`);
    await all.cable(
      { at: hub, name: 'eth0', addresses: [`${HUB}/24`] },
      { at: peers, name: 'eth0', addresses: honest },
    );
    await all.cable(
      { at: hub, name: 'eth1', addresses: ['198.51.100.1/24'] },
      { at: storm, name: 'eth0', addresses: ['198.51.100.2/24'] },
    );
    // The flood comes from everywhere, and what is answered goes nowhere.
    await hub.ip('route add default via 198.51.100.2');
    await storm.ip('route add 192.0.2.0/24 via 198.51.100.1');
    wheelwright = await Wheelwright.start(command, hub, CONFIG, { 'GigabitEthernet0/0': 'eth0' });
  });

  after(async () => {
    await wheelwright?.stop();
    await all.close();
    command?.remove();
  });

  test(`lets at least ${PEERS - 1} of ${PEERS} honest peers in, and costs no memory`, {
    timeout: 300_000,
  }, async (t) => {
    const gateway = wheelwright;
    assert.ok(gateway !== undefined);
    const program = (name: string): readonly string[] => [
      '--import',
      'tsx',
      fileURLToPath(new URL(name, import.meta.url)),
    ];
    const every = Math.floor((SECONDS * 1_000 * 0.6) / PEERS);
    const honest = [HUB, '192.0.2.101', String(PEERS), String(every), String(PATIENCE_MS)];
    const peers = all.named('peers').spawn(process.execPath, [...program('honest-peers.ts'), ...honest]);
    await until('the peers are ready', () => peers.runs() && peers.output.includes('ready'), 60_000);
    const atRest = residentKib(gateway.pid);
    let most = atRest;
    const look = (): void => {
      most = Math.max(most, residentKib(gateway.pid));
    };

    const flooding = [...program('flood-generator.ts'), HUB, String(RATE), String(SECONDS), request()];
    // Nobody floods a gateway that shares its machine with other tests: both go before those.
    for (const thread of readdirSync(`/proc/${gateway.pid}/task`)) setPriority(Number(thread), PRIORITY);
    const storm = all.named('storm').spawn('nice', ['-n', String(PRIORITY), process.execPath, ...flooding]);
    await until('cookies are demanded', () => storm.runs() && /cookie/i.test(gateway.log()), 60_000);
    peers.child.stdin.write('begin\n');
    const haveBegun = (): boolean => {
      look();
      return peers.runs() && peers.output.includes('all have begun');
    };
    await until('all have begun', haveBegun, SECONDS * 2_000);
    const wasInTime = !storm.isOver;
    const isOver = (): boolean => {
      look();
      return storm.isOver && peers.isOver;
    };
    await until('all is over', isOver, SECONDS * 1_000 + 2 * PATIENCE_MS);
    const sent = lastOf<Readonly<{ sent: number; perSecond: number }>>(storm.output);
    const got = lastOf<Readonly<{ in: number; medianMs: number; slowestMs: number }>>(peers.output);
    t.diagnostic(`sent ${sent.sent} requests, ${sent.perSecond} a second`);
    t.diagnostic(`${got.in} of ${PEERS} in, median ${got.medianMs} ms, slowest ${got.slowestMs} ms`);
    t.diagnostic(`resident ${atRest} KiB at rest, ${most} KiB at most`);
    t.diagnostic((await gateway.show('crypto', 'ikev2', 'stats')).split('IKEV2 Call')[1] ?? '');
    assert.ok(wasInTime, 'the flood was over before the last of the peers began');
    assert.ok(sent.sent >= LEAST_RATE * SECONDS, `only ${sent.sent} requests were sent`);
    assert.ok(got.in >= PEERS - 1, `${got.in} of ${PEERS} got in\n${gateway.log().slice(-2_000)}`);
    assert.ok(most - atRest < MOST_GROWTH_KIB, `${most - atRest} KiB more`);
  });
});

/** A request that the hub would accept if its address were honest. */
function request(): string {
  const both = pair(1);
  connect(both);
  const [first] = both.lab.sent;
  assert.ok(first !== undefined);
  return toHex(first.message);
}

function residentKib(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0);
}

function lastOf<T>(output: string): T {
  const line = output.trim().split('\n').at(-1) ?? '';
  assert.ok(line.startsWith('{'), output);
  return JSON.parse(line) as T;
}
