/** No packet is lost over a rekey, RFC 7296 section 2.8: a plane as the contract describes it, sending all the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, type Instant } from '../base/index.ts';
import type { IkeEffect } from './events.ts';
import { CHILD, established, type Node, type Pair } from './pair.fixture.ts';

/** Which SAs decrypt and which one encrypts, as `IkeEffect` orders it. */
class Plane {
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
function traffic({ lab, a, b }: Pair, planes: ReadonlyMap<Node, Plane>, forMs: number): number {
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

for (const loss of [0, 0.3]) {
  test(`no packet is lost while both ends rekey, with ${loss * 100} % of the IKE messages lost`, () => {
    for (let seed = 0; seed < 40; seed++) {
      const both = established(seed, { both: { child: CHILD } });
      const { lab, a, b } = both;
      const planes = new Map([a, b].map((node) => [node, new Plane()]));
      for (const node of [a, b]) for (const effect of node.effects) planes.get(node)?.perform(effect, lab.now);
      Object.assign(lab.link, { jitterMs: 60, loss });
      const [ofA = 0] = a.plane.keys();
      const [ofB = 0] = b.plane.keys();
      lab.do(a, { kind: 'child-limit', spi: ofA, limit: 'soft' });
      let lost = traffic(both, planes, (seed * 11) % 70);
      lab.do(b, { kind: 'child-limit', spi: ofB, limit: 'soft' });
      lost += traffic(both, planes, loss === 0 ? 1_000 : 8_000);
      assert.equal(lost, 0, `seed ${seed}`);
    }
  });
}
