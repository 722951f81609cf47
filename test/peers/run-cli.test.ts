/** `wheelwright run` and what operates it, as bundled, on two machines joined by a cable: what goes well, and what does not. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type BuiltCommand, buildCommand, root } from '../../src/cli/command-fixture.ts';
import { gatewayText } from '../../src/gateway/model.fixture.ts';
import { type Namespace, Namespaces } from './namespaces.ts';
import type { Outcome, Running } from './process.ts';
import { requireTmux, Terminal } from './tmux.ts';
import { until } from './until.ts';

let command: BuiltCommand;
let program: string;
let machines: Namespaces;
let one: Namespace;
let two: Namespace;
let lan: Namespace;
let folder: string;
let runs = 0;

before(async () => {
  requireTmux();
  command = buildCommand();
  // The bundle finds koffi where it would be installed: beside itself.
  symlinkSync(join(root, 'node_modules'), join(command.scratch, 'node_modules'));
  program = join(command.scratch, 'bundle/wheelwright.mjs');
  machines = new Namespaces('cli');
  one = await machines.add('one');
  two = await machines.add('two');
  lan = await machines.add('lan');
  await machines.cable(
    { at: one, name: 'out', addresses: ['10.0.0.1/24'] },
    { at: two, name: 'out', addresses: ['10.0.0.2/24'] },
  );
  await machines.cable(
    { at: one, name: 'in', addresses: ['10.1.1.1/24'] },
    { at: lan, name: 'l1', addresses: ['10.1.1.10/24'] },
  );
  await machines.cable(
    { at: two, name: 'in', addresses: ['10.1.2.1/24'] },
    { at: lan, name: 'l2', addresses: ['10.1.2.10/24'] },
  );
});

after(async () => {
  await machines?.close();
  command?.remove();
});

afterEach(async () => {
  await one.stop();
  await two.stop();
});

/** A folder of its own for each test: configurations, host file, sockets. */
beforeEach(() => {
  folder = join(command.scratch, `test${runs++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'wheelwright.yaml'), 'run: run\nstate: state\n');
  writeFileSync(join(folder, 'gw1.cfg'), gatewayText(1, [2]));
  writeFileSync(join(folder, 'gw2.cfg'), gatewayText(2, [1]));
});

const config = (n: number): string => join(folder, `gw${n}.cfg`);
const socket = (n: number): string => join(folder, `run/gw${n}.sock`);

/** Starts gateway `n` and waits until it says where its control socket is. */
async function started(machine: Namespace, n: number, ...options: string[]): Promise<Running> {
  const running = machine.spawn(process.execPath, [program, 'run', config(n), ...options]);
  await until(`gateway ${n} runs`, () => running.runs() && running.output.includes('control socket:'));
  return running;
}

function ask(n: number, ...words: string[]): Promise<Outcome> {
  return one.outcomeOf(process.execPath, [program, ...words, '--socket', socket(n)]);
}

/** A start that must fail: its status, and its complaint. */
function refused(machine: Namespace, n: number): Promise<Outcome> {
  return machine.outcomeOf(process.execPath, [program, 'run', config(n)]);
}

async function established(n: number): Promise<void> {
  await until(`BGP of gateway ${n} is up`, async () => {
    const { stdout } = await ask(n, 'status', '--json');
    return stdout !== '' && (JSON.parse(stdout) as { bgp: { up: number } }).bgp.up === 1;
  });
}

const ourRoutes = (machine: Namespace): Promise<string> => machine.ip('route show table all proto 119');

describe('two gateways that run', () => {
  test('come up, are operated, changed and reloaded, and leave nothing when they stop', async () => {
    const first = await started(one, 1);
    const second = await started(two, 2);
    assert.match(first.output, /^gw1 runs .*gw1\.cfg, with .*wheelwright\.yaml$/m);
    assert.match(first.output, /^ {2}outside is out, 10\.0\.0\.1\/24$/m);
    assert.match(first.output, /^ {2}IKE listens on: 10\.0\.0\.1$/m);
    await established(1);
    await established(2);
    await until('the route is there', async () => (await ourRoutes(one)).includes('10.1.2.0/24 dev Tunnel2'));

    const shown = await ask(1, 'show', 'crypto', 'ikev2', 'sa');
    assert.equal(shown.status, 0);
    assert.match(shown.stdout, /10\.0\.0\.1\/500 +10\.0\.0\.2\/500 +READY/);
    const json = await ask(1, 'show', 'route', '--json');
    assert.ok(JSON.parse(json.stdout));
    assert.match((await ask(1, 'exec', 'ping 10.1.2.1')).stdout, /Success rate is 100 percent/);
    const mistyped = await ask(1, 'show', 'rotue');
    assert.deepEqual([mistyped.status, mistyped.stdout], [1, '']);
    assert.match(mistyped.stderr, /Did you mean: show route/);

    const monitor = one.spawn(process.execPath, [program, 'monitor', '--json', '--socket', socket(1)]);
    await until('the monitor listens', () => monitor.runs() && true);
    const before = await ask(1, 'show', 'crypto', 'ikev2', 'sa', '--json');
    writeFileSync(config(1), gatewayText(1, [2, 3]));
    const plan = await ask(1, 'reload', '--dry-run');
    assert.match(plan.stdout, /\+ tunnel Tunnel3\n/);
    assert.match(plan.stdout, /= untouched: .*1 tunnel, /);
    assert.match((await ask(1, 'reload')).stdout, /runs now/);
    await until('the new tunnel has a device', async () => (await one.ip('-o link')).includes('Tunnel3'));
    // The new tunnel's peer does not exist; the SAs of the other one are the very same.
    const now = await ask(1, 'show', 'crypto', 'ikev2', 'sa', '--json');
    assert.ok(
      spisOf(before.stdout).length === 4 && spisOf(before.stdout).every((spi) => spisOf(now.stdout).includes(spi)),
    );
    await until('the monitor tells', () => monitor.output.includes('"device":"gw1"'));
    await monitor.stop('SIGINT');

    writeFileSync(config(1), gatewayText(1, [2]));
    first.signal('SIGHUP');
    await until('the tunnel is gone again', async () => !(await one.ip('-o link')).includes('Tunnel3'));
    writeFileSync(config(1), `${gatewayText(1, [2])}\nfrobnicate\n`);
    const wrong = await ask(1, 'reload');
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /frobnicate[\s\S]*1 error in .*nothing was changed/);

    await second.stop();
    await first.stop();
    assert.match(first.output, /gw1 has stopped\n/);
    assert.equal(first.child.exitCode, 0);
    assert.equal(await ourRoutes(one), '');
    assert.doesNotMatch(await one.ip('-o link'), /Tunnel/);
    assert.deepEqual(readdirSync(join(folder, 'run')), []);
  });

  test('have a console: configured there, saved, and the terminal is as it was', async () => {
    const running = await started(one, 1);
    const enter = `ip netns exec ${one.name} node ${program} console --socket ${socket(1)}`;
    const terminal = new Terminal('run-console', enter, 100, 30);
    try {
      await terminal.until(/gw1#$/);
      terminal.type('show interface ip brief');
      terminal.press('Enter');
      await terminal.until(/GigabitEthernet0\/0 +10\.0\.0\.1/);
      for (const line of ['configure terminal', 'hostname renamed', 'end', 'write memory']) {
        terminal.type(line);
        terminal.press('Enter');
      }
      await terminal.until(/\[OK\]\s+renamed#$/);
      assert.match(readFileSync(config(1), 'utf8'), /^hostname renamed$/m);
      terminal.resize(60, 20);
      terminal.type('exit');
      terminal.press('Enter');
      await terminal.until(/Logoff\s+\[status 0\]/);
    } finally {
      terminal.close();
    }
    const second = new Terminal('run-console-2', `${enter}; stty -a | grep -o -E -e '-?icanon'`, 100, 30);
    try {
      await second.until(/renamed#$/);
      await running.stop();
      await second.until(/the gateway has stopped\s+icanon\s+\[status/);
    } finally {
      second.close();
    }
  });
});

/** What tells SAs apart. */
function spisOf(json: string): readonly string[] {
  return [...json.matchAll(/"\w*[sS]pi\w*": "?(\w+)/g)].map(([, spi = '']) => spi);
}

describe('what goes wrong is one sentence with the way out', () => {
  test('a second instance', async () => {
    const running = await started(one, 1);
    const { status, stderr } = await refused(one, 1);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(
        `^wheelwright: gw1 runs already, as process ${running.child.pid}: 'wheelwright status --name gw1' asks it\n$`,
      ),
    );
    assert.equal((await ask(1, 'status')).status, 0);
    await running.stop();
  });

  test('a port that is taken', async () => {
    const script = "require('dgram').createSocket('udp4').bind(500, '10.0.0.1', () => console.log('bound'))";
    const holder = one.spawn(process.execPath, ['-e', script]);
    await until('the port is taken', () => holder.runs() && holder.output.includes('bound'));
    const { status, stderr } = await refused(one, 1);
    assert.equal(status, 1);
    assert.match(stderr, /^wheelwright: .*500.*\n {2}.*ss -ulpn/m);
    const doctor = await one.outcomeOf(process.execPath, [program, 'doctor', config(1), '--json']);
    assert.equal(doctor.status, 1);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; text: string }[] };
    const found = checks.find(({ name }) => name === 'udp-500')?.text;
    assert.equal(found, `UDP port 500 is taken by node (process ${holder.child.pid})`);
    await holder.stop();
    assert.deepEqual(readdirSync(join(folder, 'run')), []);
  });

  test('a capability that is missing', async () => {
    const args = ['--bounding-set=-net_admin', process.execPath, program, 'run', config(1)];
    const { status, stderr } = await one.outcomeOf('setpriv', args);
    assert.equal(status, 1);
    assert.match(stderr, /^wheelwright: .*CAP_NET_ADMIN.*\n {2}\S/);
  });

  test('an interface that is not there, and a host file with a fault', async () => {
    writeFileSync(join(folder, 'wheelwright.yaml'), 'run: run\nstate: state\ninterfaces: {outside: nosuch0}\n');
    const missing = await refused(one, 1);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^wheelwright: .*nosuch0.*\n/);
    writeFileSync(join(folder, 'wheelwright.yaml'), 'rnu: run\n');
    const wrong = await refused(one, 1);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /wheelwright\.yaml:1:1: A host file has no field `rnu`\. Did you mean `run`\?/);
  });

  test('a configuration with errors starts nothing; --check tells the same', async () => {
    writeFileSync(config(1), 'hostname gw1\nfrobnicate\n');
    for (const options of [[], ['--check']]) {
      const { status, stderr } = await one.outcomeOf(process.execPath, [program, 'run', config(1), ...options]);
      assert.equal(status, 2);
      assert.match(stderr, /gw1\.cfg:2:1: error: .*[\s\S]*1 error; nothing was started\n$/);
    }
    assert.equal(existsSync(join(folder, 'run')), false);
  });

  test('no gateway, and one that somebody else may ask', async () => {
    const none = await ask(1, 'show', 'version');
    assert.deepEqual([none.status, none.stdout], [1, '']);
    assert.equal(none.stderr, `wheelwright: no gateway is running: there is no ${socket(1)}\n`);
  });

  test('an interface that vanishes is told, and the gateway goes on when it is back', async () => {
    const first = await started(one, 1);
    const second = await started(two, 2);
    await established(1);
    await one.ip('link set out down');
    await until('it is told', () => first.runs() && first.output.includes('out is down'));
    await one.ip('link set out up');
    await established(1);
    assert.ok(first.runs());
    await second.stop();
    await first.stop();
  });

  test('a full disk: the log stops, write memory loses nothing, the gateway goes on', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    writeFileSync(join(folder, 'wheelwright.yaml'), `run: run\nstate: state\nlog-file: ${disk}/gw1.log\n`);
    const run = `mount -t tmpfs -o size=64k none ${disk} && cp ${config(1)} ${disk}/gw1.cfg && dd if=/dev/zero of=${disk}/fill bs=1k 2>/dev/null; exec ${process.execPath} ${program} run ${disk}/gw1.cfg --host ${folder}/wheelwright.yaml`;
    const running = one.spawn('sh', ['-c', run]);
    await until('it runs', () => running.runs() && running.output.includes('control socket:'));
    assert.match(
      running.output,
      /^wheelwright: The log file .*gw1\.log can not be written: no space is left; the gateway goes on without it$/m,
    );
    const saved = await ask(1, 'exec', 'write memory');
    assert.match(saved.stdout, /ERROR: .*gw1\.cfg can not be written: no space is left; the file is as it was\n/);
    const inside = ['-t', String(running.child.pid), '-m', 'cmp', `${disk}/gw1.cfg`, config(1)];
    assert.equal((await one.outcomeOf('nsenter', inside)).status, 0);
    assert.equal((await ask(1, 'status')).status, 0);
    await running.stop();
  });
});

test('after kill -9 the next run takes over: no stale route, device, socket or lock is left', async () => {
  const first = await started(one, 1);
  const second = await started(two, 2);
  await established(1);
  await until('the route is there', async () => (await ourRoutes(one)).includes('10.1.2.0/24'));
  await first.stop('SIGKILL');
  assert.equal(
    (await ask(1, 'status')).stderr,
    `wheelwright: no gateway is running: ${socket(1)} was left by one that was killed\n`,
  );
  await until('its devices are gone', async () => !(await one.ip('-o link')).includes('Tunnel'));
  const again = await started(one, 1);
  assert.match(again.output, /an earlier run was killed: what it left was taken over/);
  await established(1);
  await second.stop();
  await again.stop();
  assert.equal(await ourRoutes(one), '');
  assert.deepEqual(readdirSync(join(folder, 'run')), []);
});
