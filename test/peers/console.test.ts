/** The console as an operator meets it: the bundled program in a real terminal, key by key. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type BuiltCommand, buildCommand, root } from '../../src/cli/command-fixture.ts';
import { requireTmux, Terminal } from './tmux.ts';

const ESC = '\u001b';

/** A whole configuration of a thousand lines: interfaces without end. */
const configuration = Array.from({ length: 250 }, (_, i) => [
  `interface Loopback${i + 1}`,
  ` description number ${i + 1}, for what?`,
  ` nameif loop${i + 1}`,
  ` ip address 10.99.${i}.1 255.255.255.255`,
]).flat();

describe('lab run in a terminal', () => {
  let command: BuiltCommand;
  let terminal: Terminal;

  const open = (name: string): Terminal => {
    const program = join(command.scratch, 'bundle/wheelwright.mjs');
    const topology = join(root, 'examples/hub-and-spoke/topology.yaml');
    return new Terminal(name, `node ${program} lab run ${topology}`, 90, 30);
  };

  before(async () => {
    requireTmux();
    command = buildCommand();
    terminal = open('console');
    await terminal.until(/converged after[\s\S]*\nhub1#$/);
  });

  after(() => {
    terminal?.close();
    command?.remove();
  });

  /** Leaves whatever there is, for an empty screen with a prompt. */
  const fresh = async (prompt = 'spoke1#'): Promise<void> => {
    terminal.press('C-c', 'C-z', 'C-l');
    await terminal.until(new RegExp(`^${prompt}$`));
  };

  test('a device is chosen by its name, and named in the prompt', async () => {
    terminal.type('devices');
    terminal.press('Enter');
    await terminal.until(/\* hub1 +on\n {2}hub2 +on\n {2}spoke1 +on\n {2}spoke2 +on\nhub1#$/);
    terminal.type('spoke1');
    terminal.press('Enter');
    await terminal.until(/\nspoke1#$/);
  });

  test('? helps at once, before Enter, and the line goes on', async () => {
    await fresh();
    terminal.type('sh?');
    await terminal.until(/^spoke1# sh\?\n {2}show {2}Show running system information\nspoke1# sh$/);
    terminal.type('ow crypto ?');
    await terminal.until(/\n {2}ikev2 [\s\S]*\n {2}ipsec [\s\S]*\nspoke1# show crypto$/);
    terminal.press('C-u');
  });

  test('Tab completes, and abbreviations are understood', async () => {
    await fresh();
    terminal.type('show ru');
    terminal.press('Tab');
    await terminal.until(/^spoke1# show running-config$/);
    terminal.type('hostname');
    terminal.press('Enter');
    await terminal.until(/\nhostname spoke1\nspoke1#$/);
    terminal.type('sh int ip br');
    terminal.press('Enter');
    await terminal.until(/\nTunnel1 +172\.16\.1\.5 +YES CONFIG up +up\n/);
    terminal.type('sh c');
    terminal.press('Enter');
    await terminal.until(/ERROR: % Ambiguous command: {2}"sh c"\nspoke1#$/);
    terminal.type('show crypto ikve2 sa');
    terminal.press('Enter');
    await terminal.until(
      /\n {20}\^\nERROR: % Invalid input detected at '\^' marker\.\nDid you mean: show crypto ikev2 sa\n/,
    );
  });

  test('the arrows edit and call back', async () => {
    await fresh();
    terminal.type('how history');
    terminal.press('Home');
    terminal.type('s');
    terminal.press('End', 'Enter');
    await terminal.until(/\n {2}show history\nspoke1#$/);
    terminal.press('Up', 'Up');
    await terminal.until(/spoke1# show crypto ikve2 sa$/);
    terminal.press('Down');
    await terminal.until(/spoke1# show history$/);
  });

  test('output comes by pages', async () => {
    await fresh();
    terminal.type('show running-config');
    terminal.press('Enter');
    await terminal.until(/\n<--- More --->$/);
    terminal.type(' ');
    await terminal.until(/router bgp 65001\n[\s\S]*\n<--- More --->$/);
    terminal.type('q');
    const screen = await terminal.until(/\nspoke1#$/);
    assert.doesNotMatch(screen, /More/);
    terminal.type('terminal pager 0');
    terminal.press('Enter');
    terminal.type('show running-config');
    terminal.press('Enter');
    await terminal.until(/\n: end\nspoke1#$/);
    terminal.type('terminal pager 24');
    terminal.press('Enter');
  });

  test('Control-C ends a ping, and what was typed meanwhile is gone', async () => {
    await fresh();
    terminal.type('ping 10.0.0.77 repeat 10000');
    terminal.press('Enter');
    await terminal.until(/\n\.+$/);
    terminal.press('C-c');
    await terminal.until(/\nSuccess rate is 0 percent \(0\/\d+\)\nspoke1#$/);
  });

  test('a long line wraps, and wraps anew at another width', async () => {
    await fresh();
    terminal.type(`show interface | include ${'abcdefghij'.repeat(9)}`);
    await terminal.until(/^spoke1# show interface \| include [a-j]{57}\n[a-j]{33}$/);
    terminal.resize(60, 20);
    await terminal.until(/^spoke1# show interface \| include [a-j]{27}\n[a-j]{60}\n[a-j]{3}$/);
    terminal.resize(110, 30);
    await terminal.until(/spoke1# show interface \| include [a-j]{77}\n[a-j]{13}$/);
    terminal.press('Home');
    terminal.type('x');
    await terminal.until(/spoke1# xshow interface/);
    terminal.press('C-c');
    terminal.resize(90, 30);
  });

  test('configuration applies at once, and the fabric tells', async () => {
    await fresh();
    for (const line of ['terminal monitor', 'conf t', 'interface Tunnel2', 'shutdown']) {
      terminal.type(line);
      terminal.press('Enter');
    }
    await terminal.until(
      /%ASA-4-411002: Line protocol on Interface (?:VTI|Tunnel)2, changed state to down[\s\S]*\nspoke1\(config-if\)#$/,
    );
    terminal.type('no shut');
    await terminal.until(/spoke1\(config-if\)# no shut$/);
    terminal.press('Enter');
    await terminal.until(/%ASA-4-411001: Line protocol on Interface (?:VTI|Tunnel)2, changed state to up/);
    terminal.type('no terminal monitor');
    terminal.press('Enter');
    terminal.type('end');
    terminal.press('Enter');
    await terminal.until(/\nspoke1#$/);
  });

  for (const isBracketed of [true, false]) {
    test(`a configuration of 1,000 lines is pasted${isBracketed ? ', bracketed' : ''}`, async () => {
      await fresh();
      terminal.type('conf t');
      terminal.press('Enter');
      // Without brackets a question mark is a request for help, as on the real box.
      const lines = isBracketed ? configuration : configuration.map((line) => line.replace('for what?', 'again'));
      terminal.paste(`${lines.join('\n')}\n`, isBracketed);
      await terminal.until(/ip address 10\.99\.249\.1 255\.255\.255\.255\nspoke1\(config-if\)#$/);
      terminal.press('C-z');
      for (const [line, count] of [
        ['show running-config | count ^interface Loopback', 250],
        [`show running-config | count ${isBracketed ? 'for what.$' : 'again$'}`, 250],
        ['show interface ip brief | count Loopback', 250],
        ['show crypto ikev2 sa | count READY', 2],
      ] as const) {
        terminal.type(line);
        terminal.press('Enter');
        await terminal.until(new RegExp(`regexp = ${count}\\nspoke1#$`));
        terminal.press('C-l');
      }
    });
  }

  test('bytes that are no keys do no harm', async () => {
    await fresh();
    terminal.paste(
      `${ESC}[99;99~${ESC}Oz${ESC}]0;title\u0007${ESC}P+q\u0001${ESC}\\\u0000\u001c\u001fshow clock`,
      false,
    );
    await terminal.until(/spoke1# show clock$/);
    terminal.press('C-u');
    terminal.type(`${'x'.repeat(4200)}`);
    terminal.press('Enter');
    await terminal.until(/ERROR: the line is longer than 4096 characters; nothing was done\nspoke1#$/);
  });

  test('exit ends the lab and leaves the terminal as it was', async () => {
    await fresh();
    terminal.type('exit');
    terminal.press('Enter');
    await terminal.until(/Logoff\n\[status 0\]$/);
  });

  test('a terminal that is closed ends the program, quietly', async () => {
    const other = open('closed');
    await other.until(/\nhub1#$/);
    const shell = other.pid();
    const children = (): string =>
      spawnSync('ps', ['-o', 'pid=', '--ppid', String(shell)], { encoding: 'utf8' }).stdout;
    const [child] = children().trim().split(/\s+/);
    assert.ok(child);
    other.type('ping 10.0.0.77 repeat 10000');
    other.press('Enter');
    other.close();
    const isAlive = (): boolean => spawnSync('ps', ['-p', child], { stdio: 'ignore' }).status === 0;
    for (let waited = 0; isAlive(); waited += 50) {
      assert.ok(waited < 10_000, 'it still runs');
      await setTimeout(50);
    }
  });
});
