/** Sends at a rate: as many as are due, a batch at a time, and sleeps when none are. */

const SLEEP_MS = 0.1;
/** What was not sent while the machine let others run is not made up for by one burst. */
const MOST_BEHIND_MS = 5;

export type Paced = Readonly<{ sent: number; seconds: number }>;

/** `send` gives how many of those asked for it has sent. `perSecond` may be Infinity. */
export function pace(
  options: Readonly<{ perSecond: number; seconds: number; batch: number; send: (most: number) => number }>,
): Paced {
  const { perSecond, seconds, batch, send } = options;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const perMs = perSecond / 1000;
  let since = begun;
  let sentSince = 0;
  let sent = 0;
  for (;;) {
    const now = performance.now();
    if (now >= end) return { sent, seconds: (now - begun) / 1000 };
    let due = perMs === Infinity ? batch : perMs * (now - since) - sentSince;
    if (due > perMs * MOST_BEHIND_MS) {
      since = now - MOST_BEHIND_MS;
      sentSince = 0;
      due = perMs * MOST_BEHIND_MS;
    }
    if (due < 1) {
      Atomics.wait(pause, 0, 0, SLEEP_MS);
      continue;
    }
    const count = Math.max(0, send(Math.min(Math.floor(due), batch)));
    sent += count;
    sentSince += count;
    if (count === 0) Atomics.wait(pause, 0, 0, SLEEP_MS);
  }
}
