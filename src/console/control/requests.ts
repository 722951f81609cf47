/** What may be asked of a running gateway over its control socket: the JSON in a connection's first frame. */
import { fail, ok, type Result } from '../../base/index.ts';

/** Both sides say which protocol they speak; another one is refused with a sentence. */
export const CONTROL_VERSION = 1;

export type ControlAction =
  /** One command line as at the privileged prompt; `json` asks for the value instead of the text. */
  | Readonly<{ kind: 'exec'; line: string; json: boolean }>
  | Readonly<{ kind: 'console'; columns: number; rows: number }>
  /** What happens, from now on or from the oldest event that is kept. Text leaves out what is above the level. */
  | Readonly<{ kind: 'monitor'; json: boolean; from: 'now' | 'journal'; level: number }>
  /** Reads the configuration file anew: tells what would change, or changes it. */
  | Readonly<{ kind: 'reload'; dryRun: boolean; json: boolean }>
  | Readonly<{ kind: 'status'; json: boolean }>;

export type ControlRequest = Readonly<{ version: number }> & ControlAction;

/** Longest command line; the prompt takes no longer ones either. */
const MOST_LINE = 16_384;
const LEVELS = 7;

/** Reads a request; gives a sentence when it is none. */
export function readRequest(text: string): Result<ControlRequest, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('a request that is no JSON');
  }
  if (typeof value !== 'object' || value === null) return fail('a request that is no object');
  const fields = value as Readonly<Record<string, unknown>>;
  const { version } = fields;
  if (typeof version !== 'number') return fail('a request without a version');
  if (version !== CONTROL_VERSION)
    return fail(`the gateway speaks version ${CONTROL_VERSION} of the control protocol, and this program ${version}`);
  const action = readAction(fields);
  return action === undefined ? fail('a request that is not understood') : ok({ version, ...action });
}

function readAction(fields: Readonly<Record<string, unknown>>): ControlAction | undefined {
  const { kind, line, from } = fields;
  const json = fields['json'] === true;
  switch (kind) {
    case 'exec':
      return typeof line === 'string' && line.length <= MOST_LINE ? { kind, line, json } : undefined;
    case 'console': {
      const columns = whole(fields['columns'], 0xffff);
      const rows = whole(fields['rows'], 0xffff);
      return columns === undefined || rows === undefined ? undefined : { kind, columns, rows };
    }
    case 'monitor': {
      const level = whole(fields['level'], LEVELS);
      return level === undefined || (from !== 'now' && from !== 'journal') ? undefined : { kind, json, from, level };
    }
    case 'reload':
      return { kind, json, dryRun: fields['dryRun'] === true };
    case 'status':
      return { kind, json };
    default:
      return undefined;
  }
}

function whole(value: unknown, most: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}
