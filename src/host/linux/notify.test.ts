import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Errno } from './errno.ts';
import { type Libc, openLibc } from './libc.ts';
import { openNotifier, socketAddress } from './notify.ts';
import { Domain, MessageFlag, SocketType } from './socket-numbers.ts';

const linux = { skip: process.platform === 'linux' ? false : 'needs Linux', timeout: 30_000 };

function libc(): Libc {
  const opened = openLibc();
  assert.ok(opened.ok);
  return opened.value;
}

/** A manager's socket; gives what came since it was last asked. */
function manager(t: TestContext, path: string): () => string[] {
  const c = libc();
  const fd = c.socket(Domain.UNIX, SocketType.DGRAM | SocketType.CLOEXEC, 0);
  const address = socketAddress(path);
  assert.ok(address);
  assert.equal(c.bind(fd, address, address.length), 0);
  t.after(() => c.close(fd));
  return () => {
    const messages: string[] = [];
    for (;;) {
      const room = new Uint8Array(4096);
      const length = c.recv(fd, room, room.length, MessageFlag.DONTWAIT);
      if (length === -Errno.EAGAIN) return messages;
      assert.ok(length >= 0);
      messages.push(new TextDecoder().decode(room.subarray(0, length)));
    }
  };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'notify-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

for (const kind of ['path', 'abstract name'] as const) {
  test(`the manager hears of each step, by ${kind}`, linux, (t) => {
    const path = kind === 'path' ? join(folder(t), 'notify') : `@wheelwright-test-${process.pid}`;
    const heard = manager(t, path);
    const notifier = openNotifier(libc(), { NOTIFY_SOCKET: path });
    notifier.ready('2 tunnels');
    notifier.status('one\n  two\r\nthree');
    notifier.stopping();
    assert.deepEqual(heard(), ['READY=1\nSTATUS=2 tunnels\n', 'STATUS=one two three\n', 'STOPPING=1\n']);
    const before = process.hrtime.bigint() / 1000n;
    notifier.reloading();
    const [reloading] = heard();
    const time = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\n$/.exec(reloading ?? '')?.[1];
    assert.ok(time !== undefined && BigInt(time) >= before && BigInt(time) - before < 5_000_000n);
    assert.equal(notifier.lost(), 0);
    notifier.close();
    notifier.ready();
    assert.deepEqual(heard(), []);
  });
}

test('the watchdog is fed while all is well, and by this process alone', linux, async (t) => {
  const path = join(folder(t), 'notify');
  const heard = manager(t, path);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000' };
  const other = openNotifier(libc(), { ...env, WATCHDOG_PID: '1' });
  other.startWatchdog();
  const notifier = openNotifier(libc(), { ...env, WATCHDOG_PID: String(process.pid) });
  let asked = 0;
  notifier.startWatchdog(() => ++asked <= 2);
  const end = performance.now() + 10_000;
  while (asked < 4 && performance.now() < end) await pause(5);
  notifier.close();
  other.close();
  assert.deepEqual(heard(), ['WATCHDOG=1\n', 'WATCHDOG=1\n']);
});

test('no manager, one that is gone, or one of another kind: nothing happens', linux, (t) => {
  for (const path of [undefined, '', 'relative', 'vsock:2:1234', `/${'x'.repeat(200)}`]) {
    const notifier = openNotifier(libc(), { NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000' });
    notifier.ready();
    notifier.startWatchdog();
    assert.equal(notifier.lost(), 0);
    notifier.close();
  }
  const notifier = openNotifier(libc(), { NOTIFY_SOCKET: join(folder(t), 'nobody') });
  notifier.ready();
  assert.equal(notifier.lost(), 1);
  notifier.close();
});
