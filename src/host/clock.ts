/** Monotonic time of this machine and a way to wait for it. `now` is in milliseconds since the process started. */
export const realClock = {
  now: (): number => performance.now(),
  sleep: (ms: number): Promise<void> =>
    new Promise((resolve) => {
      // A timer of zero still waits a millisecond; an immediate lets input and output run and comes back at once.
      if (ms <= 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    }),
} as const;
