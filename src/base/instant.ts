declare const instantBrand: unique symbol;

/** Monotonic milliseconds since the driver started. A wall-clock date does not fit in here. */
export type Instant = number & { readonly [instantBrand]: 'Instant' };

/** Names a moment, in milliseconds since the driver started. */
export function at(ms: number): Instant {
  return ms as Instant;
}

/** The moment `ms` milliseconds after `now`. */
export function after(now: Instant, ms: number): Instant {
  return (now + ms) as Instant;
}

/** The earlier of two moments; an absent moment never comes. */
export function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}
