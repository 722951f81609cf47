/** The control socket: a Unix socket that only the gateway's own user may open, and the way to one that listens. */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { umask } from 'node:process';
import { fail, ok, type Result } from '../base/index.ts';
import { reasonOf } from './files.ts';

/** What a connection's owner is told; the shape of `ControlSession`. */
export type ConnectionOwner = Readonly<{
  receive: (bytes: Uint8Array) => void;
  drained: () => void;
  gone: () => void;
  dismiss: (text: string) => void;
  readonly isAsked: boolean;
}>;

export type ConnectionPeer = Readonly<{
  write: (bytes: Uint8Array) => boolean;
  pause: () => void;
  resume: () => void;
  end: () => void;
  abort: () => void;
}>;

export type ControlListener = Readonly<{
  /** Sends the sentence to all that are connected, takes the socket away and ends. */
  close: (farewell: string) => void;
}>;

/** `sun_path` of unix(7), less its final zero. A longer path would be cut, and another file be made. */
export const MOST_PATH_BYTES = 107;
const MOST_CONNECTIONS = 64;
/** How long a connection may say nothing before its request, and how long one may leave its answer unread. */
const PATIENCE_MS = { request: 10_000, reading: 60_000, ending: 2_000 } as const;

/**
 * Listens at `path`. A socket that a killed gateway left is taken away first; one that answers is a fault, because
 * its gateway runs. `onFault` hears what goes wrong later.
 */
export async function listenControl(
  path: string,
  open: (peer: ConnectionPeer) => ConnectionOwner,
  onFault: (text: string) => void,
): Promise<Result<ControlListener, string>> {
  const tooLong = pathFault(path);
  if (tooLong !== undefined) return fail(tooLong);
  const stale = await removeStale(path);
  if (!stale.ok) return stale;
  const connections = new Map<Socket, ConnectionOwner>();
  const server = createServer((socket) => {
    if (connections.size >= MOST_CONNECTIONS) socket.destroy();
    else own(socket, open, connections);
  });
  const bound = await new Promise<Result<void, string>>((resolve) => {
    // Nobody else may open it, from the moment it is there: listening binds before it returns.
    const before = umask(0o177);
    server.once('error', (error) => resolve(fail(`${path} can not be listened on: ${reasonOf(error)}`)));
    server.listen(path, () => resolve(ok(undefined)));
    umask(before);
  });
  if (!bound.ok) return bound;
  try {
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    return fail(`${path} can not be kept from others: ${reasonOf(error)}`);
  }
  server.removeAllListeners('error');
  server.on('error', (error) => onFault(`The control socket ${path} failed: ${reasonOf(error)}`));
  return ok({
    close: (farewell) => {
      // This takes the socket's file away as well.
      server.close();
      for (const [socket, owner] of connections) {
        owner.dismiss(farewell);
        setTimeout(() => socket.destroy(), PATIENCE_MS.ending).unref();
      }
    },
  });
}

function own(
  socket: Socket,
  open: (peer: ConnectionPeer) => ConnectionOwner,
  connections: Map<Socket, ConnectionOwner>,
): void {
  let unread: NodeJS.Timeout | undefined;
  const owner = open({
    write: (bytes) => {
      if (socket.destroyed || !socket.writable) return true;
      const isTaken = socket.write(bytes);
      if (!isTaken) unread ??= setTimeout(() => socket.destroy(), PATIENCE_MS.reading).unref();
      return isTaken;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => {
      socket.end();
      socket.resume();
    },
    abort: () => void socket.destroy(),
  });
  connections.set(socket, owner);
  const silent = setTimeout(() => {
    if (!owner.isAsked) socket.destroy();
  }, PATIENCE_MS.request).unref();
  socket.on('data', (bytes) => owner.receive(bytes));
  socket.on('drain', () => {
    clearTimeout(unread);
    unread = undefined;
    owner.drained();
  });
  // Whoever has no more input says so by a frame: the end of the stream is that of the program.
  socket.on('end', () => socket.destroy());
  // A program that was killed: no fault of ours, and `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(silent);
    clearTimeout(unread);
    connections.delete(socket);
    owner.gone();
  });
}

function pathFault(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MOST_PATH_BYTES) return undefined;
  return `${path} is too long for a socket (${bytes} bytes, at most ${MOST_PATH_BYTES}): give a shorter \`run\` folder or \`control\` path`;
}

/** Takes a socket away that nobody listens at any more. Something else than a socket is left alone. */
async function removeStale(path: string): Promise<Result<void, string>> {
  try {
    if (!lstatSync(path).isSocket()) return fail(`${path} is there and is no socket: it is not touched`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined);
    return fail(`${path} can not be used: ${reasonOf(error)}`);
  }
  const answers = await new Promise<boolean>((resolve) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (answers) return fail(`a gateway answers at ${path} already`);
  try {
    unlinkSync(path);
  } catch (error) {
    return fail(`${path} was left by an earlier run and can not be removed: ${reasonOf(error)}`);
  }
  return ok(undefined);
}

/** Why no gateway can be reached at a path: nobody runs there, or one may not ask. */
export type ConnectFault = Readonly<{ kind: 'not-running' | 'not-permitted' | 'failed'; text: string }>;

/** Connects to a gateway's control socket. */
export async function connectControl(path: string): Promise<Result<Socket, ConnectFault>> {
  const tooLong = pathFault(path);
  if (tooLong !== undefined) return fail({ kind: 'failed', text: tooLong });
  return new Promise((resolve) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    const onError = (error: NodeJS.ErrnoException): void => resolve(fail(connectFault(path, error)));
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve(ok(socket));
    });
  });
}

function connectFault(path: string, error: NodeJS.ErrnoException): ConnectFault {
  switch (error.code) {
    case 'ENOENT':
      return { kind: 'not-running', text: `no gateway is running: there is no ${path}` };
    case 'ECONNREFUSED':
      return { kind: 'not-running', text: `no gateway is running: ${path} was left by one that was killed` };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'not-permitted', text: `${path} may not be opened` };
    default:
      return { kind: 'failed', text: `${path} can not be reached: ${reasonOf(error)}` };
  }
}
