/** Durations, percentages, rates and sizes as topology files write them. */

const DURATIONS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };
const RATES: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };
const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, kib: 1024, mib: 1024 * 1024 };

/** Milliseconds of `10ms`, `1.5s`, `500us`, `5m` or `1h`; undefined when it is none. A bare 0 needs no unit. */
export function parseDuration(text: string): number | undefined {
  return quantity(text, DURATIONS);
}

/** Bits a second of `100mbit`, `64kbit`, `1gbit`. */
export function parseRate(text: string): number | undefined {
  return quantity(text, RATES);
}

/** Bytes of `64kB`, `1MiB`, `1500B`. */
export function parseSize(text: string): number | undefined {
  return quantity(text, SIZES);
}

/** A fraction from 0 to 1 of `5%` or `0.1%`. */
export function parsePercent(text: string): number | undefined {
  const percent = quantity(text, { '%': 1 });
  return percent === undefined || percent > 100 ? undefined : percent / 100;
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]);
  const unit = (match[2] ?? '').toLowerCase();
  if (unit === '' && value === 0) return 0;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : value * factor;
}
