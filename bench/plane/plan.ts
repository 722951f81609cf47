/** What is measured, how long, and how often: quickly, or in full. */
import { parseArgs } from 'node:util';
import { HOSTILE_KINDS, type HostileKind } from './hostile-kinds.ts';
import { SUITES, type Suite } from './subject.ts';

export const TCP_MEASURES = ['tcp-1-forward', 'tcp-1-reverse', 'tcp-4-forward', 'tcp-4-reverse'] as const;
export type TcpMeasure = (typeof TCP_MEASURES)[number];

/**
 * Bytes of payload. The largest makes IP packets of 1400 bytes: the most that none of the subjects has to cut in two, for
 * they give their tunnels MTUs of 1400 to 1438.
 */
export const PAYLOADS = [64, 512, 1372] as const;
/** Times a subject's own capacity. */
export const LOADS = [0.5, 1, 2, 3] as const;

export const SUBJECTS = ['software', 'fast', 'fast-esp', 'libipsec', 'wireguard-go', 'veth'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

export const MEASURES = ['tcp', 'udp', 'ping', 'hostile'] as const;
export type Measure = (typeof MEASURES)[number];

export type Plan = Readonly<{
  quick: boolean;
  tcp: Readonly<{ seconds: number; rounds: number }>;
  udp: Readonly<{ seconds: number; rounds: number }>;
  ping: Readonly<{ seconds: number; rounds: number }>;
  hostile: Readonly<{ seconds: number; rounds: number; perSecond: number; kinds: readonly HostileKind[] }>;
  limitMinutes: number;
  /** How long to wait before a run for the machine to do nothing else. */
  calmSeconds: number;
  suites: readonly Suite[];
  subjects: readonly SubjectName[];
  measures: readonly Measure[];
  node: string;
  wireguardGo: string | undefined;
  /** Where results go; undefined: only to the terminal. */
  results: string | undefined;
}>;

/** Seconds of each run, and rounds. */
const QUICK = { tcp: [2, 3], udp: [1, 2], ping: [1, 3], hostile: [2, 1], limitMinutes: 15 } as const;
const FULL = { tcp: [3, 5], udp: [2, 2], ping: [2, 5], hostile: [2, 2], limitMinutes: 25 } as const;

export const USAGE = `npm run bench:plane -- [options]

  --quick             runs of 2 seconds, three rounds
  --seconds N         how long each run is
  --rounds N          how often each run is repeated, in turns
  --suites A,B        ${SUITES.join(', ')}
  --subjects A,B      ${SUBJECTS.join(', ')}
  --measures A,B      ${MEASURES.join(', ')}
  --hostile A,B       ${Object.keys(HOSTILE_KINDS).join(', ')}
  --hostile-rate N    hostile packets a second; otherwise as many as can be sent
  --calm SECONDS      waits so long, before each run, for a machine that does nothing else
  --limit MINUTES     after which no run begins; otherwise 15 or, in full, 25
  --node PATH         the Node that the gateways run on; otherwise this one
  --wireguard-go PATH another wireguard-go than Debian trixie's
  --no-results        prints, and writes no files
`;

/** Reads the arguments; a text when they are wrong, or when help was asked for. */
export function readPlan(args: readonly string[], results: string): Plan | string {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ help: flag, quick: flag, seconds: text, rounds: text, suites: text, subjects: text, measures: text },
        ...{
          hostile: text,
          'hostile-rate': text,
          node: text,
          'wireguard-go': text,
          'no-results': flag,
          calm: text,
          limit: text,
        },
      },
    });
    if (values.help === true) return USAGE;
    const base = values.quick === true ? QUICK : FULL;
    const timing = (what: Measure): { seconds: number; rounds: number } => ({
      seconds: positive('--seconds', values.seconds) ?? base[what][0],
      rounds: positive('--rounds', values.rounds) ?? base[what][1],
    });
    return {
      quick: values.quick === true,
      tcp: timing('tcp'),
      udp: timing('udp'),
      ping: timing('ping'),
      hostile: {
        ...timing('hostile'),
        perSecond: positive('--hostile-rate', values['hostile-rate']) ?? Number.POSITIVE_INFINITY,
        kinds: chosen('--hostile', values.hostile, Object.keys(HOSTILE_KINDS) as HostileKind[]),
      },
      limitMinutes: positive('--limit', values.limit) ?? base.limitMinutes,
      calmSeconds: positive('--calm', values.calm) ?? 0,
      suites: chosen('--suites', values.suites, SUITES),
      subjects: chosen('--subjects', values.subjects, SUBJECTS),
      measures: chosen('--measures', values.measures, MEASURES),
      node: values.node ?? process.execPath,
      wireguardGo: values['wireguard-go'],
      results: values['no-results'] === true ? undefined : results,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

function chosen<T extends string>(option: string, given: string | undefined, all: readonly T[]): readonly T[] {
  if (given === undefined) return all;
  return given.split(',').map((name) => {
    const found = all.find((one) => one === name);
    if (found === undefined) throw new Error(`${option}: "${name}" is none of ${all.join(', ')}`);
    return found;
  });
}

function positive(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!(value > 0)) throw new Error(`${option} needs a number above zero, not "${given}"`);
  return value;
}
