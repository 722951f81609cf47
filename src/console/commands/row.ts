/** What a row of the command table is: a pattern, a line of help, and what it does to the device that is asked. */
import type { IpAddress } from '../../base/index.ts';
import type { BgpPathSnapshot } from '../../bgp/index.ts';
import type { GatewaySnapshot, OperatorRequest, PingRequest } from '../../gateway/index.ts';

/** The device that is asked. */
export type ExecDevice = Readonly<{
  snapshot: () => GatewaySnapshot;
  bgpPaths: (
    what: Readonly<{ kind: 'all' } | { kind: 'received' | 'advertised'; neighbor: IpAddress }>,
  ) => readonly BgpPathSnapshot[];
}>;

export type ExecResult =
  | Readonly<{ kind: 'text'; text: string }>
  | Readonly<{ kind: 'error'; text: string }>
  /** The driver runs the probes and prints what `pingText` makes of them. */
  | Readonly<{ kind: 'ping'; request: PingRequest }>
  | Readonly<{ kind: 'operator'; request: OperatorRequest }>;

/** Arguments of a matched line. */
export type Words = Readonly<{ arguments: Readonly<Record<string, string>>; rest: readonly string[] }>;

/**
 * One command. A pattern's words are keywords that may be abbreviated, `<name>` stands for one argument and a trailing
 * `...` for the rest of the line.
 */
export type Row = Readonly<{
  pattern: string;
  help: string;
  run: (device: ExecDevice, words: Words) => ExecResult;
}>;

export const INCOMPLETE: ExecResult = { kind: 'error', text: 'ERROR: % Incomplete command\n' };

export const text = (value: string): ExecResult => ({ kind: 'text', text: value });

export const invalid = (what: string): ExecResult => ({
  kind: 'error',
  text: `ERROR: % Invalid input detected: ${what}\n`,
});
