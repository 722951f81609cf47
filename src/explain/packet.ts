/** What happens to a packet, there and back: the walk of `lab` (or of one device) with lines, causes and edits. */
import type { IpAddress } from '../base/index.ts';
import type { Edit, SourceLine } from './diagnosis.ts';
import type { Fabric } from './evidence.ts';
import { whyDropped } from './packet-drop.ts';
import { type PacketStep, stepOf } from './packet-steps.ts';
import type { PacketOutline, PacketWalk, WalkHop } from './packet-walk.ts';

export type PacketHop = Readonly<{
  node: string;
  kind: WalkHop['kind'];
  fate: WalkHop['fate'];
  packet: PacketOutline;
  /** How many pieces of it came. */
  pieces: number;
  reason?: string;
  steps: readonly PacketStep[];
  next?: Readonly<{ node?: string; port: string; nextHop: IpAddress }>;
}>;

export type PacketWay = Readonly<{
  verdict: PacketWalk['verdict'];
  /** Where it ended, and why. */
  node: string;
  reason?: string;
  claim: string;
  hops: readonly PacketHop[];
  /** When it was dropped: the lines that did it, and edits, each an alternative. */
  lines: readonly SourceLine[];
  edits: readonly Edit[];
}>;

export type PacketReport = Readonly<{
  forth: PacketWay;
  /** Of the answer; absent: nobody asked, or there is none. */
  back?: PacketWay;
  /** Devices that only one of the two directions passes. */
  asymmetry?: readonly string[];
}>;

export function explainPacket(fabric: Fabric, forth: PacketWalk, back?: PacketWalk): PacketReport {
  const there = wayOf(fabric, forth);
  if (back === undefined) return { forth: there };
  const here = wayOf(fabric, back);
  const asymmetry = asymmetryOf(forth, back);
  return { forth: there, back: here, ...(asymmetry.length === 0 ? {} : { asymmetry }) };
}

function wayOf(fabric: Fabric, walk: PacketWalk): PacketWay {
  const { verdict, node, reason } = walk;
  const hops = walk.hops.map((hop): PacketHop => {
    const device = fabric.get(hop.node);
    const steps = device === undefined ? [] : hop.notes.map((note) => stepOf(device, note));
    const { next } = hop;
    return {
      node: hop.node,
      kind: hop.kind,
      fate: hop.fate,
      packet: hop.packet,
      pieces: hop.pieces,
      steps,
      ...(hop.reason === undefined ? {} : { reason: hop.reason }),
      ...(next === undefined ? {} : { next }),
    };
  });
  const common = { verdict, node, hops, ...(reason === undefined ? {} : { reason }) };
  if (verdict === 'dropped') {
    const last = walk.hops.find((hop) => hop.node === node && hop.fate === 'dropped');
    if (last !== undefined) return { ...common, ...whyDropped(fabric, last) };
  }
  return { ...common, claim: claimOf(walk), lines: [], edits: [] };
}

function claimOf({ verdict, node, hops }: PacketWalk): string {
  const last = hops.findLast((hop) => hop.node === node);
  switch (verdict) {
    case 'delivered':
      return `it reaches ${node}`;
    case 'left': {
      const next = last?.next;
      return `it leaves what is known: from ${node}${next === undefined ? '' : ` by ${next.port} toward ${next.nextHop}`}`;
    }
    case 'circle':
      return 'it runs in a circle';
    case 'waits':
      return `it ends at ${node}, where not all of its pieces came, or nothing of it goes on`;
    default:
      return `it is dropped at ${node}`;
  }
}

/** What only one direction passes; links, bridges and the two ends say nothing of it. */
function asymmetryOf(forth: PacketWalk, back: PacketWalk): readonly string[] {
  const on = ({ hops }: PacketWalk): ReadonlySet<string> =>
    new Set(hops.flatMap(({ kind, node }) => (['link', 'bridge', 'host'].includes(kind) ? [] : [node])));
  const [there, here] = [on(forth), on(back)];
  if (forth.verdict !== 'delivered' || back.verdict !== 'delivered') return [];
  return [
    ...[...there].filter((node) => !here.has(node)).map((node) => `${node} sees only the way there`),
    ...[...here].filter((node) => !there.has(node)).map((node) => `${node} sees only the way back`),
  ];
}
