/** A terminal on a router: prompts, `do`, complaints under the word, help, names with Tab, and what is told at the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../base/index.ts';
import type { DeviceModel } from '../../config/index.ts';
import { LOG, ROUTER_TEXT, routerDevice, routerModel } from '../router.fixture.ts';
import type { ConsoleDevice, ExecRequest } from './console-device.ts';
import { TerminalSession } from './session.ts';

type Seen = Readonly<{ device: ConsoleDevice; requests: ExecRequest[]; model: () => DeviceModel }>;

function router(): Seen {
  let model = routerModel();
  const requests: ExecRequest[] = [];
  const device: ConsoleDevice = {
    ...routerDevice(),
    name: 'asr',
    isOn: () => true,
    model: () => model,
    configText: () => ({ text: ROUTER_TEXT, file: 'asr-wan01.cfg' }),
    configure: (next) => {
      model = next;
    },
    perform: (request, output) => {
      requests.push(request);
      output.done();
      return () => undefined;
    },
    save: () => '[OK]\n',
  };
  return { device, requests, model: () => model };
}

function type(
  typed: string,
  level: 'user' | 'privileged' = 'privileged',
): Seen & Readonly<{ text: string; session: TerminalSession }> {
  const seen = router();
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const session = new TerminalSession({ ...seen, write, columns: 100, rows: 200, closed: () => undefined, level });
  session.input(utf8(typed));
  return {
    ...seen,
    session,
    get text() {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are driven by them
      return text.replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '').replaceAll('\r', '');
    },
  };
}

test('prompts follow the mode, without a blank', () => {
  const { text } = type('enable\nconf t\nint tu10\nexit\ncrypto ikev2 profile PH2_PROF\nend\ndisable\n', 'user');
  for (const prompt of [
    'ASR-WAN01>enable',
    'ASR-WAN01#conf t\nEnter configuration commands, one per line.  End with CNTL/Z.\n',
    'ASR-WAN01(config)#int tu10',
    'ASR-WAN01(config-if)#exit',
    'ASR-WAN01(config-ikev2-profile)#end',
    'ASR-WAN01#disable',
  ])
    assert.ok(text.includes(prompt), `${prompt} in ${text}`);
});

test('configuration takes exec commands behind `do` alone', () => {
  const { text } = type('conf t\nshow clock\ndo show clock\ndo show foo\n');
  assert.match(text, /\(config\)#show clock\n +\^\n% Invalid input detected at '\^' marker\./);
  assert.match(text, /do show clock\n\d\d:\d\d:\d\d\.\d+ UTC/);
  const [, line = '', caret = ''] = /(.*do show foo)\n( *\^)\n/.exec(text) ?? [];
  assert.equal(line[caret.length - 1], 'f', text);
});

test('a line of configuration runs at once, and leaving tells of it once', () => {
  const { model, requests } = type('conf t\nint tu10\nip address 172.16.10.6 255.255.255.252\nend\n');
  const tunnel = model().interfaces.find(({ name }) => name === 'Tunnel10');
  assert.equal(tunnel?.addresses[0]?.address.toString(), '172.16.10.6');
  assert.deepEqual(
    requests.map((request) => (request.kind === 'operator' ? request.request.kind : request.kind)),
    ['configured'],
  );
});

test('`?` lists words, and names of interfaces, which Tab completes', () => {
  assert.match(type('show ip interface ?').text, / {2}brief +a line for each interface/);
  assert.match(type('show interfaces ?').text, /Tunnel10 +TUN > ASA - Tun10/);
  assert.match(type('show interfaces Lo\t\n').text, /show interfaces Loopback0 \nLoopback0 is up/);
  assert.match(type('sho?').text, /sho\?\nshow\n/);
  assert.match(type('?').text, /Exec commands:\n/);
});

test('`terminal length` is the page, and `terminal monitor` shows messages of a router', () => {
  const paged = type('terminal length 3\nshow version\n');
  assert.match(paged.text, / --More-- $/);
  const seen = type('terminal monitor\n');
  for (const event of LOG) seen.session.log(event);
  assert.match(seen.text, /%LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel10, changed state to up/);
  assert.doesNotMatch(seen.text, /SESSION_STATUS|%ASA/);
});

test('pipes', () => {
  assert.match(type('show ip interface brief | count Tunnel\n').text, /Number of lines which match regexp = 2/);
  assert.doesNotMatch(type('show ip interface brief | exclude Tunnel\n').text, /Tunnel1[01] /);
});
