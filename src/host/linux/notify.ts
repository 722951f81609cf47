/**
 * What a service manager is told of the gateway: sd_notify(3). Datagrams of lines to the socket that `NOTIFY_SOCKET`
 * names, which Node has no socket for. Without a service manager nobody is told, and nothing is wrong.
 */
import { env as environment, hrtime, pid } from 'node:process';
import type { Libc } from './libc.ts';
import { Domain, MessageFlag, SocketType } from './socket-numbers.ts';

/** `sun_path` of a socket address. */
const LONGEST_PATH = 108;

export type ServiceNotifier = Readonly<{
  /** Started, or done with reloading. */
  ready: (status?: string) => void;
  /** One line about how things are. */
  status: (text: string) => void;
  /** Reads its configuration anew; `ready` must follow. */
  reloading: () => void;
  stopping: (status?: string) => void;
  /** Lets the manager know that it lives, for as long as `isAlive` says so, twice as often as the manager asks for. */
  startWatchdog: (isAlive?: () => boolean) => void;
  /** Messages that the manager did not take. */
  lost: () => number;
  close: () => void;
}>;

type Environment = Readonly<Record<string, string | undefined>>;

export function openNotifier(libc: Libc, env: Environment = environment): ServiceNotifier {
  const address = socketAddress(env['NOTIFY_SOCKET']);
  let lost = 0;
  let watchdog: NodeJS.Timeout | undefined;
  let fd = -1;
  if (address !== undefined) {
    fd = libc.socket(Domain.UNIX, SocketType.DGRAM | SocketType.CLOEXEC | SocketType.NONBLOCK, 0);
    if (fd < 0) lost++;
  }
  const send = (...lines: readonly string[]): void => {
    if (address === undefined || fd < 0) return;
    const message = new TextEncoder().encode(`${lines.join('\n')}\n`);
    const sent = libc.sendto(fd, message, message.length, MessageFlag.NOSIGNAL, address, address.length);
    if (sent < 0) lost++;
  };
  const stop = (): void => {
    if (watchdog !== undefined) clearInterval(watchdog);
    watchdog = undefined;
  };
  return {
    ready: (status) => send('READY=1', ...statusLine(status)),
    status: (text) => send(...statusLine(text)),
    // Type=notify-reload tells by the time which request to reload this answers.
    reloading: () => send('RELOADING=1', `MONOTONIC_USEC=${hrtime.bigint() / 1000n}`),
    stopping: (status) => send('STOPPING=1', ...statusLine(status)),
    startWatchdog: (isAlive = () => true) => {
      const everyMs = watchdogMs(env);
      stop();
      if (everyMs === undefined || fd < 0) return;
      watchdog = setInterval(() => {
        if (isAlive()) send('WATCHDOG=1');
      }, everyMs).unref();
    },
    lost: () => lost,
    close: () => {
      stop();
      if (fd >= 0) libc.close(fd);
      fd = -1;
    },
  };
}

/** A status is one line. */
function statusLine(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`STATUS=${text.replaceAll(/\s*[\r\n]+\s*/g, ' ')}`];
}

/** Half of what the manager waits for, if it is this process that it waits for. */
function watchdogMs(env: Environment): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const whose = env['WATCHDOG_PID'];
  if (!Number.isSafeInteger(usec) || usec <= 0 || (whose !== undefined && Number(whose) !== pid)) return undefined;
  return Math.max(1, Math.floor(usec / 2000));
}

/** `sockaddr_un`: a path, or after `@` a name in the abstract namespace. Other kinds are not for local managers. */
export function socketAddress(path: string | undefined): Uint8Array | undefined {
  const isAbstract = path?.startsWith('@') === true;
  if (path === undefined || !(isAbstract || path.startsWith('/'))) return undefined;
  const name = new TextEncoder().encode(path);
  if (name.length >= LONGEST_PATH) return undefined;
  // A path ends with a zero byte, an abstract name begins with one and ends with the address.
  const address = new Uint8Array(2 + name.length + (isAbstract ? 0 : 1));
  address[0] = Domain.UNIX;
  address.set(name, 2);
  if (isAbstract) address[2] = 0;
  return address;
}
