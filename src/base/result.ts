/** Success or a named fault: what every function that reads untrusted input returns. */
export type Result<T, E> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; error: E }>;

/** Wraps a value. */
export function ok<T>(value: T): Readonly<{ ok: true; value: T }> {
  return { ok: true, value };
}

/** Wraps a fault. */
export function fail<E>(error: E): Readonly<{ ok: false; error: E }> {
  return { ok: false, error };
}
