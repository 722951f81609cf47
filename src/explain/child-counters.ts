/** Counters of a tunnel's child SAs, one end's and the other's. */
import type { ChildSaCounters } from '../plane/contract.ts';
import type { TunnelCase, TunnelEnd } from './tunnel-case.ts';

/** The child SAs of an end's tunnel. */
export function childSasOf({ device, state, ikeSa }: TunnelEnd): readonly ChildSaCounters[] {
  const all = device.snapshot?.plane.childSas ?? [];
  const own = new Set(ikeSa?.children.map(({ inboundSpi }) => inboundSpi));
  return all.filter(({ id, interface: name }) => own.has(id) || name === state?.name);
}

/** One direction of a pair of SAs: what left at one end, and what arrived at the other. */
export type Passage = Readonly<{
  sender: TunnelEnd;
  receiver: TunnelEnd;
  sent: ChildSaCounters;
  came: ChildSaCounters;
}>;

/** Both directions of every pair of SAs whose two ends are known. */
export function passages({ near, far }: TunnelCase): readonly Passage[] {
  if (far === undefined) return [];
  return [...between(near, far), ...between(far, near)];
}

function between(sender: TunnelEnd, receiver: TunnelEnd): readonly Passage[] {
  const arrivals = new Map(childSasOf(receiver).map((sa) => [sa.id, sa]));
  const outbound = new Map(sender.ikeSa?.children.map(({ inboundSpi, outboundSpi }) => [inboundSpi, outboundSpi]));
  return childSasOf(sender).flatMap((sent) => {
    const came = arrivals.get(outbound.get(sent.id) ?? -1);
    return came === undefined ? [] : [{ sender, receiver, sent, came }];
  });
}
