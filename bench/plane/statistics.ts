/** What is said of numbers that were measured in turns: each round's ratio, then their median and how far they lie apart. */

/** One run of one subject. `values` are by name, such as `mbps`: what a run did not measure is not there. */
export type Sample = Readonly<{
  suite: string;
  measure: string;
  subject: string;
  round: number;
  values: Readonly<Record<string, number>>;
}>;

/** The middle of some numbers, and the ends of them. */
export type Spread = Readonly<{ median: number; least: number; most: number; count: number }>;

export function spreadOf(numbers: readonly number[]): Spread | undefined {
  const sorted = numbers.filter((one) => Number.isFinite(one)).toSorted((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return undefined;
  const upper = sorted[sorted.length >> 1] ?? most;
  const lower = sorted[(sorted.length - 1) >> 1] ?? least;
  return { median: (upper + lower) / 2, least, most, count: sorted.length };
}

/** Which runs are meant: of a suite, and of one of these measures. */
export type Which = Readonly<{ suite: string; measures: readonly string[] }>;

export function valuesOf(samples: readonly Sample[], which: Which, subject: string, value: string): readonly number[] {
  return samples.flatMap((sample) =>
    isOne(sample, which) && sample.subject === subject ? (sample.values[value] ?? []) : [],
  );
}

/**
 * A subject's value divided by another's of the same measure and round: what drifts in the machine from one round to the
 * next is in both.
 */
export function ratiosOf(
  samples: readonly Sample[],
  which: Which,
  subject: string,
  other: string,
  value: string,
): readonly number[] {
  return samples.flatMap((sample) => {
    if (!isOne(sample, which) || sample.subject !== subject) return [];
    const twin = samples.find(
      ({ suite, measure, round, subject: name }) =>
        suite === sample.suite && measure === sample.measure && round === sample.round && name === other,
    );
    const [mine, its] = [sample.values[value], twin?.values[value]];
    return mine === undefined || its === undefined || its === 0 ? [] : [mine / its];
  });
}

function isOne(sample: Sample, { suite, measures }: Which): boolean {
  return sample.suite === suite && measures.includes(sample.measure);
}
