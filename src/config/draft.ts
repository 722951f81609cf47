/** Values while they are being put together. */
import type { IpAddress, Prefix, SecretKey } from '../base/index.ts';

/** A model type with everything in it writable. */
export type Draft<T> = T extends IpAddress | Prefix | SecretKey | string | number | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Draft<E>[]
    : { -readonly [K in keyof T]: Draft<T[K]> };
