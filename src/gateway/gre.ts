/**
 * The lines of GRE tunnels: up while a route leads to the other end, not through the tunnel itself, and while
 * keepalives come back where they are sent. Whether a child SA protects it is no matter to the line.
 */
import { after, earlier, type Instant, type IpAddress } from '../base/index.ts';
import type { Cause } from '../ike/index.ts';
import type { Context } from './context.ts';
import type { GreTunnel } from './gre-plan.ts';
import { tunnelDetails } from './routes.ts';

/** How a GRE tunnel stands. */
export type GreStanding = Readonly<{
  tunnel: GreTunnel;
  /** Why its line is down; absent: it is up. */
  lack?: string;
  /** MTU of the interface that leads to the other end. */
  outerMtu?: number;
}>;

type State = {
  tunnel: GreTunnel;
  lack: string | undefined;
  outerMtu: number | undefined;
  /** A route through the tunnel itself was seen: until then it stays down, so that the route may go. */
  heldUntil: Instant | undefined;
  /** Keepalives since the last one that came back. */
  missing: number;
  keepaliveAt: Instant | undefined;
};

/** The platform tries again after about a minute. */
const RECURSION_HOLD_MS = 60_000;
/** Tunnels within tunnels that are followed in search of the first one. */
const MAX_DEPTH = 8;

export class GreTunnels {
  readonly #states = new Map<string, State>();

  /** Takes over what is configured; a tunnel that stays the same keeps its line. */
  configure(tunnels: readonly GreTunnel[], now: Instant): void {
    const wanted = new Map(tunnels.map((tunnel) => [tunnel.name, tunnel]));
    for (const name of [...this.#states.keys()]) if (!wanted.has(name)) this.#states.delete(name);
    for (const [name, tunnel] of wanted) {
      const known = this.#states.get(name);
      const isSame = known !== undefined && textOf(known.tunnel) === textOf(tunnel);
      if (isSame) {
        known.tunnel = tunnel;
        continue;
      }
      const keepaliveAt = tunnel.keepalive === undefined ? undefined : now;
      const lack = known?.lack ?? 'not looked at yet';
      this.#states.set(name, { tunnel, lack, outerMtu: undefined, heldUntil: undefined, missing: 0, keepaliveAt });
    }
  }

  standing(name: string): GreStanding | undefined {
    const state = this.#states.get(name);
    if (state === undefined) return undefined;
    const { tunnel, lack, outerMtu } = state;
    return {
      tunnel,
      ...(lack === undefined ? {} : { lack }),
      ...(outerMtu === undefined ? {} : { outerMtu }),
    };
  }

  /** Routes, or interfaces, changed: looks at all tunnels anew. */
  review(context: Context): void {
    for (const state of this.#states.values()) this.#review(context, state);
  }

  /** A keepalive of ours came back. */
  answered(context: Context, name: string): void {
    const state = this.#states.get(name);
    if (state === undefined) return;
    state.missing = 0;
    if (state.lack !== undefined) this.#review(context, state);
  }

  wakeAt(): Instant | undefined {
    let when: Instant | undefined;
    for (const { heldUntil, keepaliveAt } of this.#states.values()) {
      when = earlier(when, earlier(heldUntil, keepaliveAt));
    }
    return when;
  }

  tick(context: Context): void {
    const { now } = context;
    for (const state of this.#states.values()) {
      if (state.heldUntil !== undefined && state.heldUntil <= now) {
        state.heldUntil = undefined;
        this.#review(context, state);
      }
      if (state.keepaliveAt !== undefined && state.keepaliveAt <= now) this.#keepAlive(context, state);
    }
  }

  #keepAlive(context: Context, state: State): void {
    const { keepalive, name } = state.tunnel;
    if (keepalive === undefined) return;
    state.keepaliveAt = after(context.now, keepalive.periodMs);
    // One that can not go out says nothing of the other end.
    if (!this.#isSourceUp(context, state.tunnel) || this.#wayOf(context, state) === undefined) return;
    if (state.missing < keepalive.retries) state.missing++;
    else this.#review(context, state);
    context.command({ kind: 'send-gre-keepalive', interface: name });
  }

  #review(context: Context, state: State): void {
    const { tunnel } = state;
    const before = state.lack;
    const mtuBefore = state.outerMtu;
    state.lack = this.#lackOf(context, state);
    if (before === state.lack && mtuBefore === state.outerMtu) return;
    const refresh = (): void =>
      context.interfaces?.refresh(tunnel.name, context.tunnels.byName(tunnel.name), context.now);
    if (state.lack === undefined) {
      refresh();
      return;
    }
    const cause: Cause = { code: 'gre-line', text: state.lack };
    context.reasons.during(cause, refresh);
  }

  /** Why the line can not be up now; tells of a route through the tunnel itself, and holds it down for a while. */
  #lackOf(context: Context, state: State): string | undefined {
    const { tunnel, heldUntil, missing } = state;
    const { destination } = tunnel.plane;
    const recursive = `the route to ${destination} leads through the tunnel itself`;
    if (heldUntil !== undefined) return recursive;
    if (!this.#isSourceUp(context, tunnel)) return `no interface with its source ${tunnel.plane.source} is up`;
    const way = this.#wayOf(context, state);
    if (way === undefined) return `no route leads to ${destination}`;
    if (this.#leadsThrough(context, way, tunnel.name, 0)) {
      state.heldUntil = after(context.now, RECURSION_HOLD_MS);
      context.log(5, 'recursive-routing', `${tunnel.name}: ${recursive}`, {
        subject: tunnel.name,
        remote: destination,
        details: tunnelDetails(context, tunnel.name, destination),
      });
      return recursive;
    }
    state.outerMtu = context.interfaces?.get(way)?.mtu;
    const { keepalive } = tunnel;
    if (keepalive !== undefined && missing >= keepalive.retries) return `${missing} keepalives were not answered`;
    return undefined;
  }

  /** The interface that leads to the other end. */
  #wayOf(context: Context, { tunnel }: State): string | undefined {
    return wayTo(context, tunnel.frontVrf, tunnel.plane.destination);
  }

  #isSourceUp(context: Context, { frontVrf, plane }: GreTunnel): boolean {
    for (const { up, model, addresses } of context.interfaces?.all() ?? []) {
      if (up && model.vrf === frontVrf && addresses.some(({ address }) => address.equals(plane.source))) return true;
    }
    return false;
  }

  /** Whether packets by an interface come to `name`, at once or inside of other tunnels. */
  #leadsThrough(context: Context, way: string, name: string, depth: number): boolean {
    if (way === name || depth > MAX_DEPTH) return true;
    const ends = this.#outerEnd(context, way);
    const next = ends === undefined ? undefined : wayTo(context, ends.vrf, ends.destination);
    return next !== undefined && this.#leadsThrough(context, next, name, depth + 1);
  }

  /** Where the outer packets of a tunnel go. */
  #outerEnd(context: Context, name: string): Readonly<{ vrf: string; destination: IpAddress }> | undefined {
    const gre = this.#states.get(name)?.tunnel;
    if (gre !== undefined) return { vrf: gre.frontVrf, destination: gre.plane.destination };
    const path = context.tunnels.byName(name)?.newest?.path;
    return path === undefined ? undefined : { vrf: path.vrf ?? '', destination: path.remote.address };
  }
}

function wayTo(context: Context, vrf: string, destination: IpAddress): string | undefined {
  return context.rib(vrf).resolve(destination)?.[0]?.interface;
}

function textOf({ plane, ...rest }: GreTunnel): string {
  return JSON.stringify({ ...rest, ...plane, source: `${plane.source}`, destination: `${plane.destination}` });
}
