/** Whether a long run was flat and lost nothing: pure functions of what was written down. */
import type { Gap, StreamCounts } from './numbered-stream.ts';
import type { Sample } from './samples.ts';

export type Finding = Readonly<{ about: string; good: boolean; text: string }>;

export type Span = Readonly<{ fromMs: number; toMs: number }>;

export type Stream = Readonly<{
  name: string;
  /** How many were sent. */
  sent: number;
  counts: StreamCounts;
  /** What the receiving machine dropped itself. */
  droppedHere: number;
}>;

const MEBIBYTE = 1 << 20;

/**
 * What the objects that live may grow in an hour. A replaced pair of SAs leaves at least its keys and names: some 2 kB.
 * With two peers that replace IKE and child SAs about every 75 s there are 190 replacements in an hour, with the
 * thousand routes of a flapping neighbour 25,000 paths; one part of that kept would be more than this.
 */
const HEAP_GROWTH_BYTES = 2 * MEBIBYTE;
/**
 * And the process as a whole. V8 gives pages back late, the allocator seldom: what is resident moves by some MiB without
 * a cause. A thread's stack, or a buffer of 64 kB for each reload, show and flap (more than 1,000 in an hour) is more.
 */
const RESIDENT_GROWTH_BYTES = 16 * MEBIBYTE;
/** A question that is being answered has a connection, and a reload a device more. */
const PASSING_DESCRIPTORS = 8;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A line through less time says more of chance than of growth. */
const LEAST_MS = 20 * MINUTE_MS;
/** The highest moment against the middle one: questions and reloads need memory that they give back. */
const PEAK_TO_MEDIAN = 1.5;

type Figure = Readonly<{ atMs: number; value: number }>;

/** Growth by the hour of the least-squares line. */
export function slopePerHour(figures: readonly Figure[]): number {
  const n = figures.length;
  if (n < 2) return 0;
  const meanAt = figures.reduce((sum, { atMs }) => sum + atMs, 0) / n;
  const mean = figures.reduce((sum, { value }) => sum + value, 0) / n;
  let above = 0;
  let below = 0;
  for (const { atMs, value } of figures) {
    above += (atMs - meanAt) * (value - mean);
    below += (atMs - meanAt) ** 2;
  }
  return below === 0 ? 0 : (above / below) * HOUR_MS;
}

/** The least in each stretch of time: what is there besides what waits to be collected, or to be closed. */
export function leastOfEach(windowMs: number, figures: readonly Figure[]): readonly Figure[] {
  const least = new Map<number, Figure>();
  for (const figure of figures) {
    const window = Math.floor(figure.atMs / windowMs);
    const known = least.get(window);
    if (known === undefined || figure.value < known.value) least.set(window, figure);
  }
  return [...least.values()];
}

/** Of the samples after the first minutes, in which caches, the journal and the compiler's code fill. */
export function flatness(name: string, samples: readonly Sample[], settledMs: number): readonly Finding[] {
  const settled = samples.filter(({ atMs }) => atMs >= settledMs);
  const figures = (of: (sample: Sample) => number | undefined): readonly Figure[] =>
    settled.flatMap((sample) => {
      const value = of(sample);
      return value === undefined ? [] : [{ atMs: sample.atMs, value }];
    });
  const heap = figures((sample) => sample.liveBytes);
  const resident = figures(({ residentBytes }) => residentBytes);
  const descriptors = figures((sample) => sample.descriptors);
  return [
    grows(`${name}: heap that lives`, heap, HEAP_GROWTH_BYTES),
    grows(`${name}: resident memory`, resident, RESIDENT_GROWTH_BYTES),
    descriptorsAreFlat(`${name}: descriptors`, descriptors),
    constant(
      `${name}: threads`,
      figures(({ threads }) => threads),
    ),
  ];
}

function grows(about: string, figures: readonly Figure[], most: number): Finding {
  const first = figures[0];
  const last = figures.at(-1);
  if (first === undefined || last === undefined) return { about, good: false, text: 'was never seen' };
  const slope = slopePerHour(figures);
  const sorted = figures.map(({ value }) => value).toSorted((a, b) => a - b);
  const [median = 0, peak = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
  const isLongEnough = last.atMs - first.atMs >= LEAST_MS;
  return {
    about,
    good: (!isLongEnough || slope <= most) && peak <= PEAK_TO_MEDIAN * median,
    text:
      `${mebibytes(first.value)} to ${mebibytes(last.value)} MiB, median ${mebibytes(median)}, at most ${mebibytes(peak)}; ` +
      `slope ${mebibytes(slope)} MiB/h, bound ${mebibytes(most)}${isLongEnough ? '' : ' (too short to judge)'}`,
  };
}

/** The least of each minute stays, and no moment has more than questions and a reload need. */
function descriptorsAreFlat(about: string, figures: readonly Figure[]): Finding {
  const least = leastOfEach(MINUTE_MS, figures).map(({ value }) => value);
  const [low, high] = [Math.min(...least), Math.max(...least)];
  const peak = Math.max(...figures.map(({ value }) => value));
  const drift = (least.at(-1) ?? 0) - (least[0] ?? 0);
  return {
    about,
    // A minute that is wholly within a reload's change has the device of its tunnel: one more.
    good: figures.length > 0 && drift <= 1 && high - low <= 2 && peak <= low + PASSING_DESCRIPTORS,
    text: `${least[0]} to ${least.at(-1)} by the least of each minute (${low} to ${high}), at most ${peak}`,
  };
}

function constant(about: string, figures: readonly Figure[]): Finding {
  const values = new Set(figures.map(({ value }) => value));
  return { about, good: values.size === 1, text: [...values].join(', ') };
}

/** Nothing lost, doubled or out of order; `excused`: times in which the way was away. */
export function unbroken({ name, sent, counts, droppedHere }: Stream, excused: readonly Span[] = []): Finding {
  const { gaps, reordered, doubled } = counts;
  const isExcused = ({ sinceMs, untilMs }: Gap): boolean =>
    excused.some(({ fromMs, toMs }) => sinceMs <= toMs && untilMs >= fromMs);
  const inExcused = gaps.filter(isExcused).reduce((sum, { count }) => sum + count, 0);
  const lost = Math.max(0, sent - counts.next) + counts.missing - inExcused;
  const first = gaps.find((gap) => !isExcused(gap));
  const where = first === undefined ? '' : `; first gap: ${first.count} from ${first.first} at ${iso(first.sinceMs)}`;
  return {
    about: `${name}: probes`,
    good: counts.received > 0 && lost - droppedHere <= 0 && reordered === 0 && doubled === 0,
    text:
      `${sent} sent, ${counts.received} arrived, ${lost} lost (${droppedHere} of them by the receiving machine), ` +
      `${reordered} reordered, ${doubled} doubled${excused.length === 0 ? '' : `; ${inExcused} gone with ${excused.length} flaps`}${where}; ` +
      `longest pause ${counts.longestPauseMs} ms`,
  };
}

/** So many SAs were replaced at least, by either side. */
export function rekeyed(samples: readonly Sample[], least: number): readonly Finding[] {
  const last = samples.findLast(({ ikeRekeys }) => ikeRekeys !== undefined);
  return (['ikeRekeys', 'childRekeys'] as const).map((what) => {
    const [byUs, byPeer] = last?.[what] ?? [0, 0];
    const text = `${byUs} by us, ${byPeer} by the peers, at least ${least} wanted`;
    return {
      about: what === 'ikeRekeys' ? 'IKE SAs replaced' : 'child SAs replaced',
      good: byUs + byPeer >= least,
      text,
    };
  });
}

/** SAs do not pile up: those replaced go within their time. */
export function saCounts(samples: readonly Sample[], mostIke: number, mostChild: number): readonly Finding[] {
  const peak = (of: (sample: Sample) => number | undefined): number => Math.max(...samples.map((one) => of(one) ?? 0));
  const rows = [
    ['IKE SAs at one time', peak(({ ikeSas }) => ikeSas), mostIke],
    ['child SAs at one time', peak(({ childSas }) => childSas), mostChild],
  ] as const;
  return rows.map(([about, most, bound]) => ({ about, good: most <= bound, text: `${most} at most, bound ${bound}` }));
}

const mebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);
const iso = (ms: number): string => new Date(ms).toISOString();
