/** Waiting in tests with real processes: for a condition, never for a fixed time. */
import { setTimeout } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;
const PATIENCE_MS = 15_000;

/** Asks again and again until the answer is neither undefined nor false, and gives it; fails, naming what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${patienceMs} ms`);
    await setTimeout(LOOK_EVERY_MS);
  }
}
