import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockInstance } from './instance-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-lock-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const onLinux = { skip: process.platform !== 'linux' };

function startTicks(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

test('a lock is taken, and goes with its release', onLinux, () => {
  const path = join(folder, 'plain.lock');
  const lock = lockInstance(path);
  assert.ok(lock.ok);
  assert.equal(lock.value.wasLeft, false);
  assert.equal(readFileSync(path, 'utf8'), `${process.pid} ${startTicks(process.pid)}\n`);
  lock.value.release();
  assert.equal(existsSync(path), false);
});

test('a process that lives holds its lock; once it was killed the lock is taken over', onLinux, async () => {
  const path = join(folder, 'held.lock');
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  await once(holder, 'spawn');
  const pid = holder.pid ?? 0;
  writeFileSync(path, `${pid} ${startTicks(pid)}\n`);
  assert.deepEqual(lockInstance(path), { ok: false, error: { kind: 'held', pid } });
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  const lock = lockInstance(path);
  assert.ok(lock.ok && lock.value.wasLeft);
  lock.value.release();
});

const left = [
  { name: 'whose number is another process by now', text: `${process.ppid} 1\n` },
  { name: 'that is empty, as after a full disk', text: '' },
  { name: 'that holds nonsense', text: 'no numbers here\n' },
];
for (const [i, { name, text }] of left.entries()) {
  test(`a lock ${name} is taken over, and nothing is left beside it`, onLinux, () => {
    const path = join(folder, `left${i}.lock`);
    writeFileSync(path, text);
    const lock = lockInstance(path);
    assert.ok(lock.ok && lock.value.wasLeft);
    assert.deepEqual(
      readdirSync(folder).filter((file) => file.startsWith(`left${i}`)),
      [`left${i}.lock`],
    );
    lock.value.release();
  });
}

test('a folder that is not there is one sentence', () => {
  const lock = lockInstance(join(folder, 'nosuch/x.lock'));
  assert.ok(!lock.ok && lock.error.kind === 'failed');
  assert.match(lock.error.text, /x\.lock can not be made: there is no such file or folder$/);
});
