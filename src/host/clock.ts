/** Time as a driver needs it: monotonic, and calling back. */
export type HostClock = Readonly<{
  /** Monotonic milliseconds. */
  now: () => number;
  /** Calls once after so many milliseconds; gives what prevents it. */
  timer: (ms: number, act: () => void) => () => void;
}>;

/** Monotonic time of this machine and ways to wait for it. `now` is in milliseconds since the process started. */
export const realClock = {
  now: (): number => performance.now(),
  sleep: (ms: number): Promise<void> =>
    new Promise((resolve) => {
      // A timer of zero still waits a millisecond; an immediate lets input and output run and comes back at once.
      if (ms <= 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    }),
  timer: (ms: number, act: () => void): (() => void) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
} as const;

/** Wall-clock time in milliseconds since 1970: the machine's own, whatever the monotonic clock slept through. */
export function wallClock(): number {
  return Date.now();
}
