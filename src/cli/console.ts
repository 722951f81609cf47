/** `wheelwright console`: the terminal of a running gateway, here. The session itself lives in the gateway. */
import { askGateway, type Which } from './control-client.ts';

/** What this asks of standard input and output. */
type Input = NodeJS.ReadableStream & Readonly<{ setRawMode?: (raw: boolean) => unknown; isTTY?: boolean }>;
type Output = NodeJS.WritableStream & Readonly<{ columns?: number; rows?: number; isTTY?: boolean }>;

/** Bracketed paste off, attributes off: what a session that was cut off has left on. */
const RESTORE = '\u001b[?2004l\u001b[0m';
/** Signals that end us while the terminal is not as it was; 128 and the number is what shells make of them. */
const ENDING = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export async function openConsole(
  which: Which,
  input: Input = process.stdin,
  output: Output = process.stdout,
): Promise<number> {
  let isRaw = false;
  const restore = (): void => {
    if (!isRaw) return;
    isRaw = false;
    try {
      input.setRawMode?.(false);
    } catch {
      // The terminal itself is gone: there is nothing to restore.
    }
    if (output.isTTY === true) output.write(RESTORE);
  };
  process.once('exit', restore);
  const handlers = Object.entries(ENDING).map(([signal, status]) => {
    const handler = (): void => {
      restore();
      process.exit(status);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  let detach = (): void => undefined;
  const size = (): Readonly<{ columns: number; rows: number }> => ({
    columns: output.columns ?? 0,
    rows: output.rows ?? 0,
  });
  const status = await askGateway(
    which,
    { kind: 'console', ...size() },
    { stdout: output, stderr: process.stderr },
    {
      opened: ({ send, hangUp }) => {
        const onData = (bytes: Buffer): void => send({ kind: 'input', bytes });
        const onEnd = (): void => send({ kind: 'end' });
        const onResize = (): void => send({ kind: 'resize', ...size() });
        if (input.isTTY === true && input.setRawMode !== undefined) {
          input.setRawMode(true);
          isRaw = true;
        }
        input.on('data', onData).on('end', onEnd).on('error', onEnd);
        output.on('resize', onResize).on('error', hangUp);
        detach = () => {
          input.off('data', onData).off('end', onEnd).off('error', onEnd);
          output.off('resize', onResize).off('error', hangUp);
          input.pause();
        };
      },
      closed: () => {
        detach();
        restore();
      },
    },
  );
  process.off('exit', restore);
  for (const { signal, handler } of handlers) process.off(signal, handler);
  return status;
}
