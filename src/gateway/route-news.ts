/**
 * Routes that come and go, told to the journal: each by itself while they are few, counted when a table of thousands
 * moves, so that no other news is pushed out.
 */
import { after, type Instant } from '../base/index.ts';
import type { Cause } from '../ike/index.ts';
import type { InstalledRoute, RibChanges, RouteSource } from '../routing/index.ts';
import type { RouteDetails, RoutesDetails } from './event.ts';
import type { Reasons } from './reasons.ts';

/** How many routes of a source are told one by one within a second. */
const ONE_BY_ONE: Readonly<Partial<Record<RouteSource, number>>> = { bgp: 8, static: 32, vpn: 32 };
const PERIOD_MS = 1000;

type Period = { since: Instant; told: number; installed: number; withdrawn: number };

export type RouteTeller = Readonly<{
  log: (
    severity: 6 | 7,
    code: string,
    text: string,
    more: Readonly<{ subject: string; cause?: Cause; details: RouteDetails | RoutesDetails }>,
  ) => void;
  alias: (interfaceName: string) => string | undefined;
  reasons: Reasons;
}>;

export class RouteNews {
  readonly #periods = new Map<RouteSource, Period>();
  #dueAt: Instant | undefined;

  /** Tells what one flush of a RIB changed. */
  tell(vrf: string, { installed, withdrawn }: RibChanges, teller: RouteTeller, now: Instant): void {
    for (const route of withdrawn) this.#one(vrf, 'withdrawn', route, teller, now);
    for (const route of installed) this.#one(vrf, 'installed', route, teller, now);
  }

  /** When routes that were only counted are due to be told. */
  wakeAt(): Instant | undefined {
    return this.#dueAt;
  }

  tick(teller: RouteTeller, now: Instant): void {
    if (this.#dueAt === undefined || now < this.#dueAt) return;
    this.#dueAt = undefined;
    for (const [source, period] of this.#periods) this.#close(source, period, teller);
    this.#periods.clear();
  }

  #one(vrf: string, change: RouteDetails['change'], route: InstalledRoute, teller: RouteTeller, now: Instant): void {
    const { source, distance, metric } = route.candidate;
    const most = ONE_BY_ONE[source];
    if (most === undefined) return;
    let period = this.#periods.get(source);
    if (period === undefined || now >= after(period.since, PERIOD_MS)) {
      if (period !== undefined) this.#close(source, period, teller);
      period = { since: now, told: 0, installed: 0, withdrawn: 0 };
      this.#periods.set(source, period);
    }
    if (period.told >= most) {
      period[change]++;
      this.#dueAt ??= after(period.since, PERIOD_MS);
      return;
    }
    period.told++;
    const { prefix, resolved } = route;
    const nextHops = resolved.map(({ interface: name, gateway }) => {
      const alias = teller.alias(name);
      return {
        interface: name,
        ...(alias === undefined ? {} : { alias }),
        ...(gateway === undefined ? {} : { gateway }),
      };
    });
    const way = nextHops.map((hop) => (hop.gateway === undefined ? hop.interface : `${hop.gateway}`)).join(', ');
    const cause = change === 'withdrawn' ? whyWithdrawn(route, teller.reasons) : teller.reasons.present;
    teller.log(6, `route-${change}`, `${source} route to ${prefix} via ${way || 'nothing'} was ${change}`, {
      subject: prefix.toString(),
      ...(cause === undefined ? {} : { cause }),
      details: { kind: 'route', change, vrf, prefix, source, distance, metric, nextHops },
    });
  }

  #close(source: RouteSource, { installed, withdrawn }: Period, teller: RouteTeller): void {
    if (installed + withdrawn === 0) return;
    const text = `${installed} more ${source} routes were installed and ${withdrawn} withdrawn`;
    teller.log(7, 'routes-changed', text, {
      subject: source,
      details: { kind: 'routes', source, installed, withdrawn },
    });
  }
}

/** The nearest thing that took the route away: the line that it left by, the session that told it, an operator. */
function whyWithdrawn({ candidate, resolved }: InstalledRoute, reasons: Reasons): Cause | undefined {
  for (const { interface: name } of resolved) {
    const line = reasons.lineDown(name);
    if (line !== undefined) return line;
  }
  if (candidate.source === 'vpn') {
    const ended = reasons.ended(candidate.owner) ?? reasons.present;
    return ended ?? { code: 'peer-withdrew', text: 'the peer tells it no more' };
  }
  if (candidate.source === 'bgp') {
    for (const { gateway } of candidate.nextHops) {
      const neighbor = gateway === undefined ? undefined : reasons.neighborDown(gateway.toString());
      if (neighbor !== undefined) return neighbor;
    }
    return reasons.present ?? { code: 'bgp-withdrew', text: 'BGP has no path to it any more' };
  }
  return reasons.present;
}
