/** A plane as the contract describes it, sending all the time: for tests of what a change of SAs costs. */
import { at, type Instant } from '../base/index.ts';
import type { IkeEffect } from './events.ts';
import type { Node, Pair } from './pair.fixture.ts';

/** Which SAs decrypt and which one encrypts, as `IkeEffect` orders it. */
export class Plane {
  readonly #inbound = new Map<number, { outboundSpi: number; isWaiting: boolean }>();
  readonly #lingering = new Map<number, Instant>();
  current: number | undefined;

  perform(effect: IkeEffect, now: Instant): void {
    if (effect.kind === 'install-child-sa') {
      const { inboundSpi, outboundSpi, startOutbound } = effect.sa;
      const isWaiting = startOutbound === 'after-inbound' && this.current !== undefined;
      this.#inbound.set(inboundSpi, { outboundSpi, isWaiting });
      if (!isWaiting) this.current = inboundSpi;
    } else if (effect.kind === 'remove-child-sa') {
      this.#inbound.delete(effect.inboundSpi);
      this.#lingering.set(effect.inboundSpi, at(now + effect.lingerMs));
      if (this.current === effect.inboundSpi) this.current = [...this.#inbound.keys()].at(-1);
    }
  }

  send(): number | undefined {
    return this.current === undefined ? undefined : this.#inbound.get(this.current)?.outboundSpi;
  }

  receive(spi: number, now: Instant): boolean {
    const sa = this.#inbound.get(spi);
    if (sa?.isWaiting === true) {
      sa.isWaiting = false;
      this.current = spi;
    }
    return sa !== undefined || now <= (this.#lingering.get(spi) ?? -1);
  }
}

/** Sends a packet each way every 3 ms for a while; returns how many nobody could decrypt. */
export function traffic({ lab, a, b }: Pair, planes: ReadonlyMap<Node, Plane>, forMs: number): number {
  const seen = new Map([a, b].map((node) => [node, node.effects.length]));
  const underWay: { when: number; to: Node; spi: number }[] = [];
  let lost = 0;
  const perform = (): void => {
    for (const node of [a, b]) {
      for (const effect of node.effects.slice(seen.get(node))) planes.get(node)?.perform(effect, lab.now);
      seen.set(node, node.effects.length);
    }
  };
  for (const end = lab.now + forMs; lab.now < end; ) {
    lab.run(3);
    perform();
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const spi = planes.get(from)?.send();
      if (spi === undefined) lost += 1;
      else underWay.push({ when: lab.now + 20, to, spi });
    }
    while ((underWay[0]?.when ?? Number.POSITIVE_INFINITY) <= lab.now) {
      const packet = underWay.shift();
      if (packet !== undefined && planes.get(packet.to)?.receive(packet.spi, lab.now) !== true) lost += 1;
    }
  }
  return lost;
}

/** Planes of both nodes, brought to what was ordered so far. */
export function planesOf({ lab, a, b }: Pair): ReadonlyMap<Node, Plane> {
  const planes = new Map([a, b].map((node) => [node, new Plane()]));
  for (const node of [a, b]) for (const effect of node.effects) planes.get(node)?.perform(effect, lab.now);
  return planes;
}
