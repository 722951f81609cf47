import { after, at } from '../base/index.ts';
import type { Lab } from './lab.ts';

/** A clock from outside: the lab itself has none. `now` is in milliseconds and never goes back. */
export type LabClock = Readonly<{ now: () => number; sleep: (ms: number) => Promise<void> }>;

/** Longest sleep: what is done to the lab from outside in the meantime waits at most so long. */
const LONGEST_SLEEP_MS = 50;

/** Runs a lab along a clock until `until` holds; the lab's time goes on from where it stands. */
export async function runRealTime(lab: Lab, clock: LabClock, until: () => boolean): Promise<void> {
  const begun = clock.now();
  const from = lab.now;
  while (!until()) {
    lab.run({ until: after(from, clock.now() - begun) });
    const next = lab.nextAt ?? at(Number.POSITIVE_INFINITY);
    const wait = next - from - (clock.now() - begun);
    await clock.sleep(Math.max(0, Math.min(wait, LONGEST_SLEEP_MS)));
  }
}
