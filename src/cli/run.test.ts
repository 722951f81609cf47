/** `wheelwright run` around a machine in memory: what it says by the model that runs, and what a reload reads again. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ok } from '../base/index.ts';
import { routerText } from '../gateway/iosxe.fixture.ts';
import { gatewayText } from '../gateway/model.fixture.ts';
import type { RunProcess, RunSignal } from '../host/index.ts';
import { MemoryMachine, MemoryWorld } from '../host/memory-system.fixture.ts';
import { HostFileRenewal } from './renewal.ts';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const HOST = 'run: run\nstate: state\n';

test('after a reload messages are in the words of what runs now, and a host file that differs is told', async () => {
  const config = join(folder, 'gw1.cfg');
  const hostFile = join(folder, 'wheelwright.yaml');
  writeFileSync(config, gatewayText(1, [2]));
  writeFileSync(hostFile, HOST);
  const world = new MemoryWorld();
  const machine = new MemoryMachine(world, { eth0: ['10.0.0.1/24'], eth1: ['10.1.1.1/24'] });
  let [stdout, stderr] = ['', ''];
  let signal: (signal: RunSignal) => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    const around: RunProcess = {
      open: machine.open,
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      pid: process.pid,
      memory: () => ({ residentBytes: 1, heapUsedBytes: 1, outsideHeapBytes: 1 }),
      isJournal: false,
      makeFolder: () => ok(undefined),
      dropPrivileges: () => ok(undefined),
      notify: (state) => {
        if (state === 'ready') setImmediate(resolve);
      },
      onSignal: (listener) => {
        signal = listener;
        return () => undefined;
      },
      exit: () => undefined,
    };
    mkdirs();
    ended = run(config, { logLevel: 7 }, around);
  });
  await isReady;
  assert.match(stdout, /%ASA-/, stderr);
  assert.doesNotMatch(stdout, /%[A-Z0-9_]+-\d-[A-Z]/);
  writeFileSync(config, routerText(1, [2]));
  writeFileSync(hostFile, `${HOST}route-metric: 7\n`);
  const before = stdout.length;
  signal('reload');
  world.run(100);
  const said = stdout.slice(before) + stderr;
  assert.match(said, /%(?!ASA)[A-Z0-9_]+-\d-[A-Z]/, 'in the words of a router');
  assert.doesNotMatch(said, /%ASA-/);
  assert.match(said, /'route-metric' of the host file differs: that counts after a restart/);
  signal('stop');
  const pump = setInterval(() => world.run(100), 5);
  assert.equal(await ended, 0);
  clearInterval(pump);
});

let ended: Promise<number> | undefined;

function mkdirs(): void {
  for (const name of ['run', 'state']) mkdirSync(join(folder, name), { recursive: true });
}

test('a host file that can not be read any more changes nothing', () => {
  const config = join(folder, 'other.cfg');
  const hostFile = join(folder, 'other.yaml');
  writeFileSync(hostFile, 'nosuch: 1\n');
  const renewal = new HostFileRenewal(hostFile, config, {});
  const never = (): void => assert.fail('nothing is put in force');
  const told = renewal.apply({ renew: never, setPeers: never });
  assert.match(told[0] ?? '', /nosuch/);
  assert.equal(told.at(-1), 'what the host file said before stays in force');
  writeFileSync(hostFile, 'ike: [{mobike: off}]\nroute-table: 7\nuser: nobody\n');
  assert.deepEqual(renewal.look(), ["'route-table', 'user' of the host file differ: that counts after a restart"]);
  let given = 0;
  renewal.apply({ renew: () => given++, setPeers: (settings) => assert.equal(settings[0]?.mobike, 'off') });
  assert.equal(given, 1);
});
