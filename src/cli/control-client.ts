/** The operator's side of the control socket: finds the gateway that runs, asks it, and passes on what it says. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/index.ts';
import { control } from '../console/index.ts';
import { connectControl, DEFAULT_FOLDERS } from '../host/index.ts';

/** How the operator says which gateway he means. */
export type Which = Readonly<{ socket?: string; name?: string; run?: string }>;

/** A program's streams, and what it hears of its terminal. */
export type ClientStreams = Readonly<{ stdout: NodeJS.WritableStream; stderr: NodeJS.WritableStream }>;

/** What a connection may be sent after its request. */
export type ControlLine = Readonly<{
  send: (frame: control.ControlFrame) => void;
  /** Ends it from our side. */
  hangUp: () => void;
}>;

export const EXIT = { fine: 0, problem: 1, misused: 2 } as const;

/**
 * Sends a request and passes its answer on; gives the exit status. `opened` may send more while the answer comes;
 * `closed` hears the end before the status is given.
 */
export async function askGateway(
  which: Which,
  action: control.ControlAction,
  { stdout, stderr }: ClientStreams,
  around: Readonly<{ opened?: (line: ControlLine) => void; closed?: () => void }> = {},
): Promise<number> {
  const complain = (text: string): void => void stderr.write(`wheelwright: ${text}\n`);
  const path = await socketOf(which);
  if (!path.ok) {
    complain(path.error);
    return EXIT.problem;
  }
  const connected = await connectControl(path.value);
  if (!connected.ok) {
    const { kind, text } = connected.error;
    complain(kind === 'not-permitted' ? `${text}: ${whoMay(path.value)}` : text);
    return EXIT.problem;
  }
  const socket = connected.value;
  const reader = new control.FrameReader();
  return new Promise((resolve) => {
    let status: number | undefined;
    const passOn = (out: NodeJS.WritableStream, bytes: Uint8Array): void => {
      if (out.write(bytes)) return;
      // Who reads us slowly makes the gateway's side slow, not our memory large.
      socket.pause();
      out.once('drain', () => socket.resume());
    };
    socket.on('data', (bytes) => {
      for (const frame of reader.push(bytes)) {
        if (!frame.ok) {
          complain(`what answers at ${path.value} is no gateway: ${frame.error.text}`);
          socket.destroy();
          return;
        }
        if (frame.value.kind === 'output') passOn(stdout, frame.value.bytes);
        else if (frame.value.kind === 'complaint') passOn(stderr, frame.value.bytes);
        else if (frame.value.kind === 'exit') {
          status = frame.value.status;
          socket.end();
        }
      }
    });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      around.closed?.();
      if (status === undefined && !isHungUp) complain('the gateway closed the connection');
      resolve(status ?? (isHungUp ? EXIT.fine : EXIT.problem));
    });
    let isHungUp = false;
    const send = (frame: control.ControlFrame): void => {
      if (socket.writable) socket.write(control.encodeFrame(frame));
    };
    send({ kind: 'request', request: { version: control.CONTROL_VERSION, ...action } });
    around.opened?.({
      send,
      hangUp: () => {
        isHungUp = true;
        socket.destroy();
      },
    });
  });
}

/** The control socket that is meant: as given, by name, or that of the only gateway that answers. */
async function socketOf({ socket, name, run = DEFAULT_FOLDERS.run }: Which): Promise<Result<string, string>> {
  if (socket !== undefined) return ok(socket);
  if (name !== undefined) return ok(join(run, `${name}.sock`));
  const found = socketsIn(run);
  if (!found.ok) return found;
  const [only, ...others] = found.value;
  if (only === undefined) {
    const started = "'wheelwright run CONFIG' starts one, and --socket PATH finds one elsewhere";
    return fail(`no gateway is running: there is no control socket in ${run}; ${started}`);
  }
  if (others.length === 0) return ok(join(run, only));
  // Sockets of gateways that were killed stay until their next run.
  const living: string[] = [];
  for (const file of found.value) if (await answers(join(run, file))) living.push(file);
  if (living.length === 1) return ok(join(run, living[0] ?? only));
  const names = (living.length > 1 ? living : found.value).map((file) => file.replace(/\.sock$/, ''));
  if (living.length === 0) return fail(`no gateway is running: ${names.join(', ')} in ${run} were killed`);
  return fail(`several gateways are running (${names.join(', ')}): say which one with --name NAME`);
}

/** Whether somebody listens there, or at least keeps us from asking. */
async function answers(path: string): Promise<boolean> {
  const connected = await connectControl(path);
  if (connected.ok) connected.value.destroy();
  return connected.ok || connected.error.kind !== 'not-running';
}

function socketsIn(run: string): Result<readonly string[], string> {
  if (!existsSync(run)) return ok([]);
  try {
    return ok(
      readdirSync(run)
        .filter((file) => file.endsWith('.sock'))
        .sort(),
    );
  } catch {
    return fail(`${run} may not be read: ${whoMay(run)}`);
  }
}

/** Whom a file belongs to, and what to do about it. */
function whoMay(path: string): string {
  try {
    const { uid } = statSync(path);
    const owner = uid === 0 ? 'root' : `the user with number ${uid}`;
    return `only ${owner} may; try it with sudo${uid === 0 ? '' : ` -u '#${uid}'`}`;
  } catch {
    return 'it belongs to another user, such as root; try it with sudo';
  }
}
