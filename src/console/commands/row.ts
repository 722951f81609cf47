/** What a row of the command table is: a pattern, a line of help, and what it does to the device that is asked. */
import type { IpAddress } from '../../base/index.ts';
import type { BgpPathSnapshot, EvpnPathSnapshot } from '../../bgp/index.ts';
import type { DeviceModel, Expected, parameters } from '../../config/index.ts';
import type { GatewaySnapshot, OperatorRequest, PingRequest, TracerouteRequest } from '../../gateway/index.ts';
import type { Plane, PlaneWatch, TappedPacket, TapStatus } from '../../plane/contract.ts';
import { type Complaint, complaintText } from '../complaint.ts';
import type { Debugging } from '../debugging.ts';
import type { Platform } from '../platform.ts';
import type { Json, Published } from '../show/schema.ts';
import type { Shown } from '../show/shown.ts';

/** The device that is asked. */
export type ExecDevice = Readonly<{
  snapshot: () => GatewaySnapshot;
  bgpPaths: (
    what: Readonly<
      { kind: 'all'; vrf?: string } | { kind: 'received' | 'advertised'; neighbor: IpAddress; vrf?: string }
    >,
  ) => readonly BgpPathSnapshot[];
  /** Routes of tenants that EVPN carries; absent: nobody asks for them. */
  evpnPaths?: () => readonly EvpnPathSnapshot[];
  /** The configuration in force, where it is cheaper to have than a snapshot. */
  model?: () => DeviceModel;
  /** Wall-clock time of instant 0, milliseconds since 1970; absent: nobody knows, and 1970 is taken. */
  epochMs?: number;
  /** Captures of its plane, and what one of them holds. */
  captures?: () => readonly TapStatus[];
  captured?: (name: string) => readonly TappedPacket[] | undefined;
  /** For packet walks; see `Plane.twin`. */
  planeTwin?: (watch: PlaneWatch) => Plane | undefined;
  /** What the terminal that asks wants to see of events; absent: there is no terminal. */
  debugging?: Debugging;
}>;

export type ExecResult =
  /** `value` is what `| json` prints. */
  | Readonly<{ kind: 'text'; text: string; value?: Json }>
  | Readonly<{ kind: 'error'; text: string }>
  /** The driver runs the probes and prints what `pingText` makes of them. */
  | Readonly<{ kind: 'ping'; request: PingRequest }>
  /** The same with `TracerouteText`. */
  | Readonly<{ kind: 'traceroute'; request: TracerouteRequest }>
  /** The driver writes what a capture holds to a file, as pcapng. */
  | Readonly<{ kind: 'export'; capture: string; file: string }>
  | Readonly<{ kind: 'operator'; request: OperatorRequest }>;

/** What a row gives: a complaint is put into the platform's words at the end. */
export type RowResult = Exclude<ExecResult, { kind: 'error' }> | Readonly<{ kind: 'complaint'; complaint: Complaint }>;

/** Arguments of a matched line. */
export type Words = Readonly<{ arguments: Readonly<Record<string, string>>; rest: readonly string[] }>;

/**
 * One command. A pattern's words are keywords that may be abbreviated, `<name>` stands for one argument and a trailing
 * `...` for the rest of the line; `[…]` and `{…|…}` are as in the configuration's grammar.
 */
export type Row = Readonly<{
  pattern: string;
  help: string;
  /** Shapes of its arguments; one that is not here is any word, and `<address>` an address. */
  params?: parameters.Parameters;
  /** Schema of the value that it gives. */
  schema?: Published;
  /** What may follow the words that stand at `...`, for `?` and Tab. */
  follows?: (typed: readonly string[]) => readonly Expected[];
  /** Works in user EXEC mode, before `enable`, as well. */
  isPublic?: boolean;
  run: (device: ExecDevice, words: Words) => RowResult;
  /** What it means with a `no` before it; absent: nothing. */
  negated?: (device: ExecDevice, words: Words) => RowResult;
}>;

export const INCOMPLETE: RowResult = { kind: 'complaint', complaint: { kind: 'incomplete' } };

export const text = (value: string): RowResult => ({ kind: 'text', text: value });

/** The result of a show command. */
export function shown<V extends Json>({ value, text: drawn }: Shown<V>): RowResult {
  return { kind: 'text', text: drawn, value };
}

export const invalid = (what: string): RowResult => ({ kind: 'complaint', complaint: { kind: 'invalid', what } });

export const ambiguous = (line: string): RowResult => ({ kind: 'complaint', complaint: { kind: 'ambiguous', line } });

/** Refuses in words of our own. */
export const refused = (why: string): RowResult => ({ kind: 'complaint', complaint: { kind: 'refused', text: why } });

/** The result in the platform's words. */
export function said(platform: Platform, result: RowResult): ExecResult {
  if (result.kind !== 'complaint') return result;
  return { kind: 'error', text: complaintText(platform, result.complaint) };
}
