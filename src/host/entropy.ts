import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/index.ts';

/** Random bytes of the machine, for keys, SPIs and nonces. */
export const entropy: Random = (length) => randomFillSync(new Uint8Array(length));
