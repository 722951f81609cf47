/** All IKE SAs of one gateway: events in, effects out, no timers, no I/O. */
import { at, earlier, type Instant } from '../base/index.ts';
import { deleteChild } from './children.ts';
import { deleteIkeSa, endIkeSa } from './closing.ts';
import { IkeContext, type PeerState } from './context.ts';
import type { Cause, IkeEffect, IkeEnvironment, IkeEvent } from './events.ts';
import { noteChallenges } from './exchange-ike-sa-init.ts';
import { type IkeSa, ikeSaWakeAt, isCurrent, snapshotOf } from './ike-sa.ts';
import { followNat } from './paths.ts';
import { beginAnew, configure, lookAfter, setReachable } from './peers.ts';
import { receive } from './receive.ts';
import type { IkeSnapshot } from './snapshot.ts';
import { pump, rekeyNow, upkeep } from './upkeep.ts';

export class Ike {
  readonly #context: IkeContext;

  constructor(environment: IkeEnvironment) {
    this.#context = new IkeContext(environment, at(0));
  }

  /** Takes note of an event; returns what is to be done about it, in this order. */
  handle(event: IkeEvent, now: Instant): readonly IkeEffect[] {
    const context = this.#context;
    context.now = now;
    context.effects = [];
    this.#runDue();
    this.#dispatch(event);
    this.#settle();
    const demand = context.admission.news(context.config, now);
    if (demand !== undefined) context.emit(demand);
    const { effects } = context;
    context.effects = [];
    return effects;
  }

  /** When to call `handle` with a tick, if nothing happens before. */
  wakeAt(): Instant | undefined {
    return earlier(this.#context.deadlines.earliest(), this.#context.admission.wakeAt());
  }

  snapshot(now: Instant): IkeSnapshot {
    const context = this.#context;
    const sas = [...context.sas.values()].filter((sa) => sa.stage.kind !== 'dead');
    return {
      sas: sas.map((sa) => snapshotOf(sa, now)),
      counters: Object.fromEntries([...context.counters].sort(([a], [b]) => (a < b ? -1 : 1))),
      statistics: { ...context.statistics },
      waiting: [...context.peers.values()].filter(isWaiting).map(({ name, nextTryAt, lastFailure }) => ({
        peer: name,
        ...(nextTryAt === undefined ? {} : { nextTryAt }),
        ...(lastFailure === undefined ? {} : { lastFailure }),
      })),
    };
  }

  #dispatch(event: IkeEvent): void {
    const context = this.#context;
    switch (event.kind) {
      case 'configure':
        configure(context, event.config);
        return;
      case 'datagram':
        receive(context, event.path, event.message);
        return;
      case 'peer-reachable':
        setReachable(context, event.peer, event.reachable, event.local);
        return;
      case 'child-limit':
        this.#childLimit(event.spi, event.limit);
        return;
      case 'peer-moved': {
        const sa = context.children.get(event.spi)?.parent;
        if (sa !== undefined) followNat(context, sa, event.path);
        return;
      }
      case 'clear':
        this.#clear(event);
        return;
      case 'rekey':
        this.#rekey(event);
        return;
      case 'cookies-answered':
        noteChallenges(context, event);
        return;
      case 'tick':
        return;
      default:
        event satisfies never;
        return;
    }
  }

  #childLimit(spi: number, limit: 'soft' | 'hard'): void {
    const child = this.#context.children.get(spi);
    if (child === undefined || child.state === 'deleting') return;
    this.#context.touched.add(child.parent);
    if (limit === 'hard') {
      const cause: Cause = { code: 'volume-expired', text: 'the volume limit of the child SA was reached' };
      deleteChild(this.#context, child, cause);
    } else if (child.state === 'live' && child.rekeyAt !== undefined) child.rekeyAt = this.#context.now;
  }

  #clear({ what, remote }: Extract<IkeEvent, { kind: 'clear' }>): void {
    const context = this.#context;
    const cause: Cause = { code: 'cleared', text: 'cleared by the operator' };
    for (const sa of [...context.sas.values()]) {
      if (!isCurrent(sa) || (remote !== undefined && !remote.equals(sa.path.remote.address))) continue;
      if (what === 'child') {
        for (const child of [...sa.children.values()]) deleteChild(context, child, cause);
        continue;
      }
      const state = context.peerOf(sa);
      if (sa.stage.kind === 'established') deleteIkeSa(context, sa, cause);
      else endIkeSa(context, sa, cause);
      if (state !== undefined) beginAnew(context, state);
    }
  }

  #rekey({ what, remote }: Extract<IkeEvent, { kind: 'rekey' }>): void {
    for (const sa of this.#context.sas.values()) {
      if (isCurrent(sa) && (remote === undefined || remote.equals(sa.path.remote.address))) {
        rekeyNow(this.#context, sa, what);
      }
    }
  }

  #runDue(): void {
    const context = this.#context;
    for (;;) {
      const due = context.deadlines.takeDue(context.now);
      if (due === undefined) return;
      if (isPeer(due)) context.touchedPeers.add(due);
      else {
        upkeep(context, due);
        this.#settle();
      }
    }
  }

  /** Looks after what was touched until all is quiet: requests that may go, peers that begin, deadlines. */
  #settle(): void {
    const context = this.#context;
    while (context.touched.size > 0 || context.touchedPeers.size > 0) {
      for (const sa of context.touched) {
        context.touched.delete(sa);
        this.#settleSa(sa);
      }
      for (const peer of context.touchedPeers) {
        context.touchedPeers.delete(peer);
        if (context.peers.get(peer.name) === peer) lookAfter(context, peer);
      }
    }
  }

  #settleSa(sa: IkeSa): void {
    const context = this.#context;
    if (context.sas.get(sa.localSpi) !== sa) return;
    pump(context, sa);
    context.deadlines.set(sa, ikeSaWakeAt(sa));
  }
}

function isPeer(value: IkeSa | PeerState): value is PeerState {
  return 'policy' in value;
}

function isWaiting(state: PeerState): boolean {
  if (!state.policy.initiate) return false;
  for (const sa of state.sas) if (sa.stage.kind === 'established') return false;
  return true;
}
