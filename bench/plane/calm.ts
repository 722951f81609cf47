/** Waiting for a machine that does nothing else: what others do would be measured as well. */
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { machineSeconds } from './processor-time.ts';

const LOOK_MS = 500;
/** Of all processors together; idle tunnels and this process take less. */
const MOST_BUSY = 0.1;

/** Returns when the machine was idle for half a second, or after the time given. */
export async function untilCalm(seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    const before = machineSeconds();
    await setTimeout(LOOK_MS);
    if ((machineSeconds() - before) / (LOOK_MS / 1000) < MOST_BUSY * availableParallelism()) return;
  }
}
