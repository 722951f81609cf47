/** Messages of a router: words, what is said only on request, time stamps and numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../../base/index.ts';
import type { DeviceModel } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { ip, LOG, routerModel } from '../router.fixture.ts';
import { syslogDatagrams, syslogLines } from './collector.ts';

const EPOCH = Date.UTC(2021, 0, 6, 9, 57, 3, 695);

function logging(more: Partial<DeviceModel['logging']>): DeviceModel {
  const model = routerModel();
  return { ...model, logging: { ...model.logging, ...more } };
}

function told(event: GatewayLogEvent, model = routerModel()): readonly string[] {
  return syslogLines(event, { timestamp: 'none', timeMs: undefined, model });
}

function event(code: string, details?: GatewayLogEvent['details'], text = ''): GatewayLogEvent {
  return { at: at(200), number: 12, severity: 4, code, text, ...(details === undefined ? {} : { details }) };
}

const local = { address: ip('198.51.100.2'), port: 500 };
const remote = { address: ip('203.0.113.10'), port: 500 };
const esp = { kind: 'esp', spi: 0x7a857081, local: local.address, remote: remote.address } as const;

const rows: readonly (readonly [string, GatewayLogEvent, readonly RegExp[]])[] = [
  ['a restart', event('restarted'), [/^%SYS-5-RESTART: System restarted --$/]],
  [
    'a link and its line protocol',
    event('line-down', { kind: 'line', interface: 'Virtual-Access1', up: false }),
    [/^%LINK-3-UPDOWN: Interface Virtual-Access1, changed state to down$/, /^%LINEPROTO-5-UPDOWN: .* to down$/],
  ],
  [
    'packets for no SA',
    event('unknown-spi', { ...esp, reason: 'unknown-spi', spi: 0x3ea71aed }),
    [
      /^%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=198\.51\.100\.2, prot=50, spi=0x3EA71AED\(1051138797\), srcaddr=203\.0\.113\.10$/,
    ],
  ],
  [
    'replays, in the envelope of the forwarding processor',
    event('esp-dropped', { ...esp, reason: 'replayed' }),
    [
      /^%IOSXE-3-PLATFORM: R0\/0: cpp_cp: QFP:0\.0 Thread:\d{3} TS:\d{20} %IPSEC-3-REPLAY_ERROR: IPSec SA receives anti-replay error, DP Handle \d+, src_addr 203\.0\.113\.10, dest_addr 198\.51\.100\.2, SPI 0x7a857081$/,
    ],
  ],
  ['wrong checksums', event('esp-dropped', { ...esp, reason: 'integrity-failed' }), [/%IPSEC-3-HMAC_ERROR: /]],
  [
    'BGP in a VRF',
    event('bgp-neighbor-down', {
      kind: 'bgp',
      neighbor: ip('10.0.0.1'),
      vrf: 'BLUE',
      reason: 'Peer closed the session',
    }),
    [/^%BGP-5-ADJCHANGE: neighbor 10\.0\.0\.1 vpn vrf BLUE Down Peer closed the session$/],
  ],
  [
    'a notification',
    event(
      'notification-sent',
      { kind: 'bgp', neighbor: ip('10.0.0.1') },
      'sent to neighbor 10.0.0.1 4/0 (hold time expired) 0 bytes',
    ),
    [/^%BGP-3-NOTIFICATION: sent to neighbor 10\.0\.0\.1 4\/0 \(hold time expired\) 0 bytes$/],
  ],
  [
    'a missing signature of TCP',
    event('md5-missing', { kind: 'tcp', local: local.address, remote: remote.address }),
    [/^%TCP-6-BADAUTH: No MD5 digest from 203\.0\.113\.10 to 198\.51\.100\.2 tableid - 0$/],
  ],
  [
    'a tunnel that leads into itself',
    event('recursive-routing', { kind: 'tunnel', interface: 'Tunnel10' }),
    [/^%TUN-5-RECURDOWN: Tunnel10 temporarily disabled due to recursive routing$/],
  ],
  [
    'a change of configuration',
    event('configured', { kind: 'configuration', user: 'console', command: 'end' }),
    [/^%SYS-5-CONFIG_I: Configured from console by console$/],
  ],
  ['nothing of child SAs being wanted', event('acquire', { kind: 'tunnel', interface: 'Tunnel10' }), []],
];

for (const [what, one, expected] of rows) {
  test(`a router tells of ${what}`, () => {
    const lines = told(one);
    assert.equal(lines.length, expected.length, lines.join('\n'));
    for (const [i, words] of expected.entries()) assert.match(lines[i] ?? '', words);
  });
}

test('sessions and exchanges are told when `crypto logging` says so, failures always', () => {
  const up = event('ike-sa-up', { kind: 'ike', local, remote, group: 'PH2_PROF' });
  assert.deepEqual(told(up), []);
  assert.deepEqual(told(up, logging({ cryptoSessions: true })), [
    '%CRYPTO-5-IKEV2_SESSION_STATUS: Crypto tunnel v2 is UP.  Peer 203.0.113.10:500       Id: PH2_PROF',
  ]);
  const named = event('ike-sa-up', { kind: 'ike', local, remote, group: 'PH2_PROF', identity: 'hub.example.com' });
  assert.match(told(named, logging({ cryptoSessions: true }))[0] ?? '', / Id: hub\.example\.com$/);
  assert.deepEqual(told(up, logging({ ikeExchanges: true })), ['%IKEV2-5-SA_UP: SA UP']);
  const failed = { ...up, code: 'ike-failed', cause: { code: 'no-response', text: 'no answer' } };
  assert.match(
    told(failed)[0] ?? '',
    /^%IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Maximum number of retrans/,
  );
});

test('time stamps and numbers are as the configuration wants them', () => {
  const one = event('restarted');
  const line = (more: Partial<DeviceModel['logging']>): string | undefined =>
    syslogLines(one, { timestamp: 'plain', timeMs: EPOCH, model: logging(more) })[0];
  const end = '%SYS-5-RESTART: System restarted --';
  assert.equal(line({}), `Jan  6 09:57:03.695: ${end}`);
  const stamp = { kind: 'datetime', milliseconds: false, zone: true, year: true } as const;
  assert.equal(line({ stamp, sequenceNumbers: true }), `000012: Jan  6 2021 09:57:03 UTC: ${end}`);
  assert.equal(line({ stamp: { kind: 'uptime' } }), `00:00:00: ${end}`);
});

test('log hosts get local7 and what is severe enough', () => {
  const model = logging({ enabled: true, trapLevel: 3 });
  const all = LOG.flatMap((one) => syslogDatagrams(one, model, EPOCH));
  assert.equal(all.length, 2);
  for (const text of all) assert.match(text, /^<187>Jan {2}6 09:57:03\.695: %(?:LINK|IOSXE)-3-/);
});
