/** What the fast plane is held to, and whether what was measured holds it. */
import { HOSTILE_KINDS } from './hostile-kinds.ts';
import { LOADS, PAYLOADS, TCP_MEASURES } from './plan.ts';
import { ratiosOf, type Sample, type Spread, spreadOf, valuesOf } from './statistics.ts';

export type Verdict = Readonly<{
  claim: string;
  /** Absent: it was not measured. */
  spread?: Spread;
  held?: boolean;
}>;

const US = 'fast';
const WIREGUARD = 'wireguard-go';
const LIBIPSEC = 'libipsec';
const GCM = 'aes-256-gcm';
const CBC = 'aes-128-cbc-sha1';
/** From here on Node has an OpenSSL whose AES-GCM is wide, and more is asked of us. */
const NEWER_NODE = 22;

/** `nodeMajor` is of the Node that it ran on. */
export function verdictsOf(samples: readonly Sample[], nodeMajor: number): readonly Verdict[] {
  const [overWireguard, overLibipsec] = nodeMajor >= NEWER_NODE ? [1.8, 6] : [1.3, 4];
  const tcp = { suite: GCM, measures: TCP_MEASURES };
  const tcpCbc = { suite: CBC, measures: TCP_MEASURES };
  const idle = { suite: GCM, measures: ['ping-idle'] };
  return [
    atLeast(overWireguard, 'AES-256-GCM, TCP: {} times wireguard-go', ratiosOf(samples, tcp, US, WIREGUARD, 'mbps')),
    atLeast(overLibipsec, 'AES-256-GCM, TCP: {} times libipsec', ratiosOf(samples, tcp, US, LIBIPSEC, 'mbps')),
    atLeast(1, '64-byte UDP: {} times the better of wireguard-go and libipsec', smallPackets(samples)),
    atMost(
      0.5,
      "processor time for a gigabit of TCP: {} of wireguard-go's",
      ratiosOf(samples, tcp, US, WIREGUARD, 'cpu'),
    ),
    ...PAYLOADS.map((payload) =>
      atLeast(0.9, `UDP of ${payload} bytes at 3 times capacity: {} of its best`, overload(samples, payload)),
    ),
    atMost(1, "idle round trip: {} times wireguard-go's", ratiosOf(samples, idle, US, WIREGUARD, 'microseconds')),
    atLeast(3, 'AES-128-CBC with SHA-1, TCP: {} times libipsec', ratiosOf(samples, tcpCbc, US, LIBIPSEC, 'mbps')),
    ...Object.entries(HOSTILE_KINDS).map(([kind, what]) =>
      atLeast(
        0.8,
        `honest TCP beside a flood (${what}): {} of what it was`,
        valuesOf(samples, { suite: GCM, measures: [`hostile-${kind}`] }, US, 'share'),
      ),
    ),
  ];
}

/** `AES-256-GCM, TCP: at least 1.3 times wireguard-go: 1.42 (1.31 to 1.50, 12 runs) held`. */
export function verdictText({ claim, spread, held }: Verdict): string {
  if (spread === undefined) return `${claim}: not measured`;
  const { median, least, most, count } = spread;
  const numbers = `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)}, ${count} ${count === 1 ? 'run' : 'runs'})`;
  return `${claim}: ${numbers} ${held === true ? 'held' : 'NOT held'}`;
}

/** In each round, the most that arrived at any load, against the better of the two others. */
function smallPackets(samples: readonly Sample[]): readonly number[] {
  return roundsOf(samples).flatMap((round) => {
    const [us, wireguard, libipsec] = [US, WIREGUARD, LIBIPSEC].map((subject) => best(samples, 64, subject, round));
    const other = Math.max(wireguard ?? 0, libipsec ?? 0);
    return us === undefined || other === 0 ? [] : [us / other];
  });
}

function overload(samples: readonly Sample[], payload: number): readonly number[] {
  const measure = `udp-${payload}-x${LOADS.at(-1)}`;
  return samples
    .filter((sample) => sample.subject === US && sample.suite === GCM && sample.measure === measure)
    .flatMap(({ round, values }) => {
      const most = best(samples, payload, US, round);
      return values['goodput'] === undefined || most === undefined ? [] : [values['goodput'] / most];
    });
}

function best(samples: readonly Sample[], payload: number, subject: string, round: number): number | undefined {
  const which = { suite: GCM, measures: LOADS.map((load) => `udp-${payload}-x${load}`) };
  const found = valuesOf(
    samples.filter((sample) => sample.round === round),
    which,
    subject,
    'goodput',
  );
  return found.length === 0 ? undefined : Math.max(...found);
}

function roundsOf(samples: readonly Sample[]): readonly number[] {
  return [...new Set(samples.map(({ round }) => round))];
}

function atLeast(threshold: number, claim: string, numbers: readonly number[]): Verdict {
  return judged(claim.replace('{}', `at least ${threshold}`), numbers, (median) => median >= threshold);
}

function atMost(threshold: number, claim: string, numbers: readonly number[]): Verdict {
  return judged(claim.replace('{}', `at most ${threshold}`), numbers, (median) => median <= threshold);
}

function judged(claim: string, numbers: readonly number[], holds: (median: number) => boolean): Verdict {
  const spread = spreadOf(numbers);
  return spread === undefined ? { claim } : { claim, spread, held: holds(spread.median) };
}
