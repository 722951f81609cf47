/** What child SAs carried together: the live ones counted anew, the gone ones kept. */
import { addLateness } from '../../esp/index.ts';
import type { ChildSaTotals } from '../contract.ts';
import type { ChildSa } from './child-sa.ts';

type Sums = { -readonly [K in keyof ChildSaTotals]: ChildSaTotals[K] };

/** Kept sums of SAs that are gone, over all and by account while the account has an SA. */
export class Totals {
  readonly #gone = zero();
  /** By account: how many SAs it has, and the sums of those it had. */
  readonly #accounts = new Map<number, { live: number; gone: Sums }>();

  installed({ config: { account } }: ChildSa): void {
    if (account === undefined) return;
    const known = this.#accounts.get(account);
    if (known === undefined) this.#accounts.set(account, { live: 1, gone: zero() });
    else known.live++;
  }

  forgotten(sa: ChildSa): void {
    add(this.#gone, sa);
    const { account } = sa.config;
    const known = account === undefined ? undefined : this.#accounts.get(account);
    if (account === undefined || known === undefined) return;
    known.live--;
    add(known.gone, sa);
    if (known.live === 0) this.#accounts.delete(account);
  }

  all(live: Iterable<ChildSa>): ChildSaTotals {
    const sums = { ...this.#gone };
    for (const sa of live) add(sums, sa);
    return sums;
  }

  accounts(live: Iterable<ChildSa>): Readonly<{ account: number; totals: ChildSaTotals }>[] {
    const sums = new Map(Array.from(this.#accounts, ([account, { gone }]) => [account, { ...gone }]));
    for (const sa of live) {
      const own = sa.config.account === undefined ? undefined : sums.get(sa.config.account);
      if (own !== undefined) add(own, sa);
    }
    return Array.from(sums, ([account, totals]) => ({ account, totals }));
  }
}

function zero(): Sums {
  return {
    childSas: 0,
    inboundPackets: 0,
    inboundBytes: 0,
    outboundPackets: 0,
    outboundBytes: 0,
    replayed: 0,
    integrityFailed: 0,
    packetsFragmented: 0,
    packetsTooBig: 0,
    fragmentsCreated: 0,
    mtuErrorsSent: 0,
    mtuErrorsReceived: 0,
  };
}

function add(sums: Sums, sa: ChildSa): void {
  sums.childSas++;
  sums.inboundPackets += sa.inboundPackets;
  sums.inboundBytes += sa.inboundBytes;
  sums.outboundPackets += sa.outboundPackets;
  sums.outboundBytes += sa.outboundBytes;
  sums.replayed += sa.replayed;
  sums.integrityFailed += sa.integrityFailed;
  sums.packetsFragmented += sa.packetsFragmented;
  sums.packetsTooBig += sa.packetsTooBig;
  sums.fragmentsCreated += sa.fragmentsCreated;
  sums.mtuErrorsSent += sa.mtuErrorsSent;
  sums.mtuErrorsReceived += sa.mtuErrorsReceived;
  const lateness = addLateness(sums.lateness, sa.inbound.lateness);
  if (lateness !== undefined) sums.lateness = lateness;
}
