/** What stands around messages: time stamps, device names, priorities, structured data (RFC 5424). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { at } from '../../base/index.ts';
import type { DeviceModel } from '../../config/index.ts';
import { loadAsa } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { syslogDatagrams, syslogLines } from './collector.ts';

const WHEN = Date.UTC(2026, 0, 6, 12, 34, 56, 789);

const event: GatewayLogEvent = {
  at: at(0),
  severity: 4,
  code: 'line-down',
  text: 'Line protocol on Interface Tunnel1: down',
  subject: 'Tunnel1',
  details: { kind: 'line', interface: 'Tunnel1', up: false },
  cause: {
    code: 'child-sa-down',
    text: 'its last child SA is gone',
    because: { code: 'cleared', text: 'say "no" \\]' },
  },
};
const WORDS = 'Line protocol on Interface Tunnel1, changed state to down';

function model(...lines: readonly string[]): DeviceModel {
  const interfaces = ['interface GigabitEthernet0/1', ' nameif inside', ' ip address 10.1.1.1 255.255.255.0'];
  return loadAsa(['hostname HUB1', ...interfaces, ...lines, ''].join('\n'), 'hub.cfg').model;
}

const frames = [
  { lines: [], says: `<164>%ASA-4-411002: ${WORDS}` },
  { lines: ['logging timestamp'], says: `<164>Jan 06 2026 12:34:56: %ASA-4-411002: ${WORDS}` },
  { lines: ['logging device-id hostname'], says: `<164>HUB1 : %ASA-4-411002: ${WORDS}` },
  {
    lines: ['logging timestamp', 'logging device-id string edge-7'],
    says: `<164>Jan 06 2026 12:34:56 edge-7 : %ASA-4-411002: ${WORDS}`,
  },
  {
    lines: ['logging timestamp', 'logging device-id ipaddress inside'],
    says: `<164>Jan 06 2026 12:34:56 10.1.1.1 : %ASA-4-411002: ${WORDS}`,
  },
  {
    lines: ['logging timestamp rfc5424'],
    says: `<164>1 2026-01-06T12:34:56.789Z HUB1 wheelwright - 411002 [event@32473 code="line-down" subject="Tunnel1"][cause1@32473 code="child-sa-down" text="its last child SA is gone"][cause2@32473 code="cleared" text="say \\"no\\" \\\\\\]"] %ASA-4-411002: ${WORDS}`,
  },
] as const;

for (const { lines, says } of frames) {
  test(`datagram with ${lines.join(' and ') || 'nothing around it'}`, () => {
    const device = model('logging enable', 'logging trap debugging', 'logging host inside 10.1.1.9', ...lines);
    assert.deepEqual(syslogDatagrams(event, device, WHEN), [says]);
  });
}

test('nothing is sent while logging is off, has no trap level, or the message is above it', () => {
  const host = 'logging host inside 10.1.1.9';
  assert.deepEqual(syslogDatagrams(event, model('logging trap debugging', host), WHEN), []);
  assert.deepEqual(syslogDatagrams(event, model('logging enable', host), WHEN), []);
  assert.deepEqual(syslogDatagrams(event, model('logging enable', 'logging trap errors', host), WHEN), []);
  assert.equal(syslogDatagrams(event, model('logging enable', 'logging trap warnings', host), WHEN).length, 1);
});

test('without a clock there is no time stamp; RFC 5424 says so with a hyphen (section 6.2.3)', () => {
  const plain = model('logging enable', 'logging trap 7', 'logging timestamp');
  assert.deepEqual(syslogDatagrams(event, plain, undefined), [`<164>%ASA-4-411002: ${WORDS}`]);
  const structured = model('logging enable', 'logging trap 7', 'logging timestamp rfc5424');
  assert.match(syslogDatagrams(event, structured, undefined)[0] ?? '', /^<164>1 - HUB1 wheelwright - 411002 /);
});

test('what strangers wrote never breaks a line or ends a parameter', () => {
  const structured = model('logging enable', 'logging trap 7', 'logging timestamp rfc5424');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const odd: GatewayLogEvent = {
        at: at(0),
        severity: 4,
        code: 'odd',
        text,
        subject: text,
        cause: { code: 'c', text },
      };
      const lines = [
        ...syslogLines(odd, { timestamp: 'none', timeMs: undefined }),
        ...syslogDatagrams(odd, structured, WHEN),
      ];
      for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
      const data = /^<164>1 \S+ HUB1 wheelwright - ODD ((?:\[[^\s=\]]+(?: \w+="(?:[^"\\\]]|\\["\\\]])*")*\])+) %/u;
      assert.match(lines[1] ?? '', data);
    }),
  );
});

test('lines above the level are left out', () => {
  const frame = { timestamp: 'rfc5424', timeMs: WHEN } as const;
  assert.deepEqual(syslogLines(event, { ...frame, level: 3 }), []);
  assert.deepEqual(syslogLines(event, { ...frame, level: 4 }), [`2026-01-06T12:34:56Z: %ASA-4-411002: ${WORDS}`]);
});
