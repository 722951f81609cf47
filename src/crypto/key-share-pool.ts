/**
 * Key shares made ahead, when there is nothing else to do: half of what a key exchange costs is spent before the peer's
 * value comes. Each is given out once. Nothing here knows when there is time: whoever drives the gateway does.
 *
 * The other half, the secret, is computed at once and where the message is handled. Handing it to another thread and back
 * costs about as much as it takes with groups 19, 21 and 31, and how many first messages are handled before packets of
 * known peers come to their turn is bounded by the reader of packets.
 */
import type { Random } from '../base/index.ts';
import { createKeyShare, type KeyShare } from './key-share.ts';

/** Of each group that was asked for. A public value has 64 to 512 bytes. */
const MOST_PREPARED = 32;

export class KeySharePool {
  readonly #random: Random;
  readonly #prepared = new Map<number, KeyShare[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A fresh one; from now on some of this group are kept ready. */
  take(group: number): KeyShare {
    const ready = this.#prepared.get(group);
    if (ready === undefined) this.#prepared.set(group, []);
    return ready?.pop() ?? createKeyShare(group, this.#random);
  }

  /** Whether there is something to prepare. */
  get isShort(): boolean {
    for (const ready of this.#prepared.values()) if (ready.length < MOST_PREPARED) return true;
    return false;
  }

  /** Makes one, of the group that has the fewest. */
  prepare(): void {
    let [least, group]: [KeyShare[] | undefined, number] = [undefined, 0];
    for (const [id, ready] of this.#prepared)
      if (ready.length < (least?.length ?? MOST_PREPARED)) [least, group] = [ready, id];
    least?.push(createKeyShare(group, this.#random));
  }

  /** Private values do not outlive their use. */
  clear(): void {
    this.#prepared.clear();
  }
}
