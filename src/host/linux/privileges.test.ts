import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { missingCapabilities, parseStatus, readPrivileges } from './privileges.ts';

const root = {
  skip: process.platform === 'linux' && process.getuid?.() === 0 ? false : 'needs root on Linux',
  timeout: 60_000,
};

/** Drops in a process of its own, and tells how it stands there, in a Worker and in a program that it starts. */
function dropped(user?: string): Readonly<Record<string, unknown>> {
  const here = new URL('.', import.meta.url).href;
  const script = `
    import { execFileSync } from 'node:child_process';
    import { once } from 'node:events';
    import { chownSync, readFileSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    const { openLibc } = await import('${here}libc.ts');
    const { dropPrivileges, parseStatus } = await import('${here}privileges.ts');
    const libc = openLibc().value;
    const result = dropPrivileges(libc, ${user === undefined ? '{}' : JSON.stringify({ user })});
    const worker = new Worker(
      "require('node:worker_threads').parentPort.postMessage(" +
        "require('node:fs').readFileSync('/proc/thread-self/status', 'utf8'))",
      { eval: true, execArgv: [] },
    );
    const [inWorker] = await once(worker, 'message');
    let chown = 'permitted';
    try { chownSync('/etc/passwd', 1, 1); } catch (error) { chown = error.code; }
    const raw = libc.socket(2, 3, 50);
    const child = execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' });
    const groups = /^Groups:\\s*(.*)$/m.exec(child)[1].trim();
    console.log(JSON.stringify({
      result, raw: raw >= 0, chown, groups, uid: process.getuid(), gid: process.getgid(),
      worker: parseStatus(inWorker), child: parseStatus(child),
    }));`;
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: new URL('../../..', import.meta.url),
  });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Readonly<Record<string, unknown>>;
}

const NEEDED = ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW'];

test('root keeps what a gateway needs and no more, nor do its Workers and children', root, () => {
  const { result, raw, chown, worker, child } = dropped();
  const kept = { user: 0, present: NEEDED, missing: [], others: 0, noNewPrivileges: true };
  assert.deepEqual(result, { ok: true, value: kept });
  assert.deepEqual(worker, kept);
  assert.deepEqual(child, kept, 'root by name, without the power');
  assert.deepEqual([raw, chown], [true, 'EPERM']);
});

test('as another user it still has them, and what it starts has none', root, () => {
  const { result, raw, chown, uid, gid, groups, worker, child } = dropped('nobody');
  const user = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout);
  const group = Number(spawnSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).stdout);
  const kept = { user, present: NEEDED, missing: [], others: 0, noNewPrivileges: true };
  assert.deepEqual(result, { ok: true, value: kept });
  assert.deepEqual(worker, kept);
  assert.deepEqual(child, { ...kept, present: [], missing: NEEDED });
  assert.deepEqual([raw, chown, uid, gid, groups], [true, 'EPERM', user, group, String(group)]);
});

test('a user that is not there is a fault with a way out', root, () => {
  const { result } = dropped('no-such-user');
  assert.match(JSON.stringify(result), /no such user.*useradd/);
});

test('what is missing is said with its use', () => {
  const text = 'Uid:\t1000\t1000\t1000\t1000\nNoNewPrivs:\t1\nCapEff:\t0000000000001400\n';
  const status = parseStatus(text);
  assert.ok(status);
  assert.deepEqual(status.present, ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN']);
  assert.deepEqual([status.user, status.others, status.noNewPrivileges], [1000, 0, true]);
  const fault = missingCapabilities(status);
  assert.match(fault?.text ?? '', /CAP_NET_RAW \(for ESP and ICMP\)/);
  assert.match(fault?.remedy ?? '', /setcap/);
  assert.equal(missingCapabilities({ ...status, missing: [] }), undefined);
  fc.assert(fc.property(fc.string(), (any) => void parseStatus(any)));
  assert.equal(parseStatus('CapEff:\tzz\nUid:\t0'), undefined);
});

test('this thread can be asked', { skip: process.platform === 'linux' ? false : 'needs Linux' }, () => {
  assert.equal(readPrivileges()?.user, process.geteuid?.());
});
