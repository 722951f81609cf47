import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConnectionOwner, type ConnectionPeer, connectControl, listenControl } from './control-socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-socket-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const noFault = (text: string): void => assert.fail(text);

type Owner = ConnectionOwner & { peer: ConnectionPeer; received: string; isGone: boolean; drains: number };

/** Echoes nothing: notes what it is told. */
function owners(): { all: Owner[]; open: (peer: ConnectionPeer) => ConnectionOwner } {
  const all: Owner[] = [];
  const open = (peer: ConnectionPeer): ConnectionOwner => {
    const owner: Owner = {
      peer,
      received: '',
      isGone: false,
      drains: 0,
      isAsked: true,
      receive: (bytes) => {
        owner.received += Buffer.from(bytes).toString();
        peer.write(Buffer.from(`got ${owner.received}`));
      },
      drained: () => {
        owner.drains++;
      },
      gone: () => {
        owner.isGone = true;
      },
      dismiss: (text) => {
        peer.write(Buffer.from(text));
        peer.end();
      },
    };
    all.push(owner);
    return owner;
  };
  return { all, open };
}

async function connected(path: string): Promise<Socket> {
  const result = await connectControl(path);
  assert.ok(result.ok);
  return result.value;
}

test('a connection goes both ways; nobody else may open the socket; the end is told and the file goes', async () => {
  const path = join(folder, 'one.sock');
  const { all, open } = owners();
  const listener = await listenControl(path, open, noFault);
  assert.ok(listener.ok);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const socket = await connected(path);
  socket.write('hello');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'got hello');
  const farewell = once(socket, 'data') as Promise<[Buffer]>;
  listener.value.close('stopped\n');
  assert.equal((await farewell)[0].toString(), 'stopped\n');
  socket.end();
  await once(socket, 'close');
  assert.equal(existsSync(path), false);
  assert.equal(all.length, 1);
});

test('a program that vanishes is told to its owner', async () => {
  const path = join(folder, 'gone.sock');
  const { all, open } = owners();
  const listener = await listenControl(path, open, noFault);
  assert.ok(listener.ok);
  const socket = await connected(path);
  socket.write('x');
  await once(socket, 'data');
  socket.destroy();
  while (all[0]?.isGone !== true) await new Promise((resolve) => setImmediate(resolve));
  listener.value.close('');
});

test('a reader that does not read makes writing say so, and drains when it reads', async () => {
  const path = join(folder, 'slow.sock');
  const { all, open } = owners();
  const listener = await listenControl(path, open, noFault);
  assert.ok(listener.ok);
  const socket = await connected(path);
  socket.write('x');
  await once(socket, 'data');
  socket.pause();
  const [owner] = all;
  assert.ok(owner !== undefined);
  let isTaken = true;
  for (let i = 0; i < 1000 && isTaken; i++) isTaken = owner.peer.write(new Uint8Array(65_536));
  assert.equal(isTaken, false);
  socket.resume();
  while (owner.drains === 0) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  listener.value.close('');
});

test('a socket of a killed gateway is taken over, one that answers is not, and a file is left alone', async () => {
  const left = join(folder, 'left.sock');
  // A socket whose file stays: closing would remove it, so that it is moved away meanwhile.
  const server = createServer();
  server.listen(`${left}.real`);
  await once(server, 'listening');
  const { renameSync } = await import('node:fs');
  renameSync(`${left}.real`, left);
  const answering = await listenControl(left, owners().open, noFault);
  assert.deepEqual(answering, { ok: false, error: `a gateway answers at ${left} already` });
  server.close();
  await once(server, 'close');
  assert.ok(existsSync(left));
  const refused = await connectControl(left);
  assert.deepEqual(refused.ok ? 'connected' : refused.error.kind, 'not-running');
  const taken = await listenControl(left, owners().open, noFault);
  assert.ok(taken.ok);
  taken.value.close('');
  const file = join(folder, 'file.sock');
  writeFileSync(file, 'precious');
  const kept = await listenControl(file, owners().open, noFault);
  assert.deepEqual(kept, { ok: false, error: `${file} is there and is no socket: it is not touched` });
});

test('a path that is too long is one sentence, not another socket', async () => {
  const path = join(folder, 'x'.repeat(120));
  const listening = await listenControl(path, owners().open, noFault);
  assert.ok(!listening.ok);
  assert.match(listening.error, /is too long for a socket \(\d+ bytes, at most 107\): give a shorter `run` folder/);
  const asked = await connectControl(path);
  assert.ok(!asked.ok && asked.error.kind === 'failed');
});

test('where nobody runs, that is said', async () => {
  const path = join(folder, 'nobody.sock');
  assert.deepEqual(await connectControl(path), {
    ok: false,
    error: { kind: 'not-running', text: `no gateway is running: there is no ${path}` },
  });
});
