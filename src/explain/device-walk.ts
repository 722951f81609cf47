/** Walks a packet through one device, by a twin of its plane; where it goes on from there is not known. */
import type { Instant } from '../base/index.ts';
import type { Plane, PlaneNote, PlaneWatch } from '../plane/contract.ts';
import { type HopFate, outlineOf, type PacketWalk, type PacketWalker, type WalkStart } from './packet-walk.ts';

/** What a device has made of a packet by what its plane noted; `sent`: packets that left it. */
export function fateByNotes(notes: readonly PlaneNote[], sent: number): Readonly<{ fate: HopFate; reason?: string }> {
  const drop = notes.find((note) => note.kind === 'drop');
  if (drop !== undefined) return { fate: 'dropped', reason: drop.reason };
  const delivered = notes.find((note) => note.kind === 'delivered');
  if (delivered !== undefined) return { fate: 'delivered', reason: delivered.to };
  return { fate: sent > 0 ? 'passed' : 'waits' };
}

/** Undefined: its plane has no twins. */
export function deviceWalker(
  node: string,
  now: Instant,
  twinOf: (watch: PlaneWatch) => Plane | undefined,
): PacketWalker | undefined {
  let notes: PlaneNote[] = [];
  let sent: Parameters<PlaneWatch['transmit']>[] = [];
  const twin = twinOf({ note: (note) => notes.push(note), transmit: (...one) => sent.push(one) });
  if (twin === undefined) return undefined;
  const walk = ({ packet, interface: port, vrf = '' }: WalkStart): PacketWalk => {
    notes = [];
    sent = [];
    const outline = outlineOf(packet);
    if (outline === undefined) return { hops: [], verdict: 'dropped', node, reason: 'malformed' };
    if (port === undefined) twin.command({ kind: 'inject', vrf, packet }, now);
    else twin.receive(port, packet, now);
    const { fate, reason } = fateByNotes(notes, sent.length);
    const [first] = sent;
    const why = reason === undefined ? {} : { reason };
    const next = first && { next: { port: first[0], nextHop: first[1], bytes: first[2].length } };
    const came = port === undefined ? {} : { port };
    const verdict = fate === 'passed' ? 'left' : fate;
    const hop = {
      node,
      kind: 'device',
      packet: outline,
      ...came,
      notes,
      fate: verdict,
      ...why,
      ...next,
      pieces: 1,
    } as const;
    return { hops: [hop], verdict, node, ...why };
  };
  return { walk };
}
