/** Commands that take time or change what a terminal shows, typed at one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, converge, openScenario } from '../../../lab/scenarios/scenario.ts';
import { after, IpAddress, utf8 } from '../../base/index.ts';
import { labDevices } from '../../cli/lab-device.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { TerminalSession } from './session.ts';

const scenario = openScenario('examples/hub-and-spoke/topology.yaml');
converge(scenario);
const { lab } = scenario;
const remote = IpAddress.parse('10.0.0.253') ?? IpAddress.any(4);
const end = { address: remote, port: 500 };

function terminal(): Readonly<{
  session: TerminalSession;
  type: (text: string) => string;
  wait: (ms: number) => string;
}> {
  const device = labDevices(lab).get('spoke1');
  assert.ok(device);
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  const session = new TerminalSession({ device, write, columns: 120, rows: 1000, closed: () => undefined });
  const taken = (): string => {
    const text = written.replaceAll('\r\n', '\n');
    written = '';
    return text;
  };
  taken();
  return {
    session,
    type: (text) => {
      session.input(utf8(text));
      return taken();
    },
    wait: (ms) => {
      lab.run({ until: after(lab.now, ms) });
      return taken();
    },
  };
}

test('a traceroute prints each probe as it ends, and Ctrl-C stops it', () => {
  const { type, wait } = terminal();
  assert.match(type('traceroute 10.250.0.10 probe 2\r'), /\nTracing the route to 10\.250\.0\.10\n\n$/);
  assert.equal(wait(30), ' 1  172.16.1.253 20 msec');
  assert.match(wait(500), /^ 20 msec\n 2 {2}10\.250\.0\.10 20 msec 20 msec\n.*spoke1# $/s);
  type('traceroute 10.0.0.77\r');
  assert.equal(wait(3500), ' 1  * ');
  assert.match(type('\u0003'), /^\n.*spoke1# $/s);
  assert.equal(wait(10_000), '');
});

test('debugging is of the terminal that asked', () => {
  const [one, other] = [terminal(), terminal()];
  const text = 'the peer sent nonsense\u001b[2J';
  const event: GatewayLogEvent = {
    at: lab.now,
    severity: 7,
    code: 'x',
    text,
    remote,
    details: { kind: 'ike', local: end, remote: end },
  };
  assert.match(
    one.type('debug crypto ikev2 protocol 127\rsh deb\r'),
    /debug crypto ikev2 protocol enabled at level 127\n/,
  );
  assert.doesNotMatch(other.type('show debug\r'), /enabled/);
  for (const { session } of [one, other]) session.log(event);
  assert.match(one.type(''), /IKEv2-PROTO-5: \[10\.0\.0\.253\] the peer sent nonsense\.\[2J\n.*spoke1# $/s);
  assert.equal(other.type(''), '');
  for (const stop of [
    'undebug all',
    'no debug all',
    'no debug crypto ikev2 protocol',
    'undebug crypto ikev2 protocol',
  ]) {
    one.type(`debug crypto ikev2 protocol\r${stop}\r`);
    one.session.log(event);
    assert.equal(one.type(''), '', stop);
  }
});

test('? helps behind capture, ping and traceroute', () => {
  const { type } = terminal();
  assert.match(type('capture C ?'), / {2}interface .*\n.* {2}match .*\n.* {2}type /s);
  assert.match(type('interface ?'), /WORD +Interface/);
  assert.match(type('outside match tcp any ?'), / {2}any .*\n.* {2}eq .*\n.* {2}host /s);
  assert.match(type('\u0015no capture ?'), /WORD|name/i);
  assert.match(type('\u0015ping inside ?'), /A\.B\.C\.D\|X:X::X/);
  assert.match(type('10.0.0.1 ?'), / {2}data .*\n.* {2}df-bit .*\n.* {2}validate /s);
  assert.match(type('\u0015traceroute 10.0.0.1 ttl ?'), /<1-255> +Least/);
  assert.match(type('1 ?'), /<1-255> +Greatest/);
  type('\u0015');
  assert.match(type('capture C interface outside\rno capture C\rno capture C\r'), /Capture <C> does not exist/);
  assert.equal(ask(scenario, 'spoke1', 'show capture'), '');
});
