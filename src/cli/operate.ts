/** `wheelwright show`, `exec`, `monitor`, `reload` and `status`: one question each to a running gateway. */
import { askGateway, EXIT, type Which } from './control-client.ts';

type Options = Which & Readonly<{ json?: boolean }>;

const streams = { stdout: process.stdout, stderr: process.stderr };

/** A command line at the privileged prompt; the shell's words become one line. */
export function execLine(words: readonly string[], { json = false, ...which }: Options): Promise<number> {
  return interruptible(which, { kind: 'exec', line: words.join(' '), json });
}

export async function monitor({
  json = false,
  journal = false,
  level,
  ...which
}: Options & Readonly<{ journal?: boolean; level: number }>): Promise<number> {
  return interruptible(which, { kind: 'monitor', json, from: journal ? 'journal' : 'now', level });
}

export function reload({
  json = false,
  dryRun = false,
  ...which
}: Options & Readonly<{ dryRun?: boolean }>): Promise<number> {
  return askGateway(which, { kind: 'reload', dryRun, json }, streams);
}

export function status({ json = false, ...which }: Options): Promise<number> {
  return askGateway(which, { kind: 'status', json }, streams);
}

/** Ends quietly when the operator has seen enough: by Ctrl-C, or by closing the pipe that is written to. */
async function interruptible(which: Which, action: Parameters<typeof askGateway>[1]): Promise<number> {
  let end = (): void => undefined;
  let wasInterrupted = false;
  const onInterrupt = (): void => {
    wasInterrupted = true;
    end();
  };
  process.once('SIGINT', onInterrupt);
  process.stdout.on('error', onInterrupt);
  const ended = await askGateway(which, action, streams, {
    opened: ({ hangUp }) => {
      end = hangUp;
    },
  });
  process.off('SIGINT', onInterrupt);
  process.stdout.off('error', onInterrupt);
  return wasInterrupted ? EXIT.fine : ended;
}
