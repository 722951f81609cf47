/**
 * Walks a packet through a lab without sending it: each node that it meets is a twin, in the state of this moment, whose
 * output goes to the next twin. Time stands still meanwhile, and nothing of the lab changes. A second packet of the same
 * walker meets the same twins, so that an answer finds the connections that its question has opened.
 */
import type { IpAddress } from '../base/index.ts';
import {
  fateByNotes,
  type HopFate,
  outlineOf,
  type PacketOutline,
  type PacketWalk,
  type WalkHop,
  type WalkStart,
} from '../explain/index.ts';
import { parseIp } from '../ip/index.ts';
import type { Plane, PlaneNote } from '../plane/contract.ts';
import { BridgeNode } from './bridge-node.ts';
import { FirewallNode } from './firewall-node.ts';
import { GatewayNode } from './gateway-node.ts';
import { HostNode } from './host-node.ts';
import type { Lab } from './lab.ts';
import { NatNode } from './nat-node.ts';
import type { LabNode } from './node.ts';
import { RouterNode } from './router-node.ts';

type Sent = Readonly<{ port: string; nextHop: IpAddress; packet: Uint8Array }>;
type Frame = Readonly<{ node: string; port: string; nextHop: IpAddress; packet: Uint8Array }>;

/** Devices on one way; more are a circle. */
const MAX_HOPS = 64;

export class PacketWalker {
  readonly #lab: Lab;
  readonly #planes = new Map<string, Plane>();
  readonly #nodes = new Map<string, LabNode>();
  /** What the twin at hand has said and sent. */
  #notes: PlaneNote[] = [];
  #sent: Sent[] = [];

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  walk(start: WalkStart): PacketWalk {
    const hops: WalkHop[] = [];
    const queue: Frame[] = [];
    this.#begin(start, hops, queue);
    let isCircle = false;
    for (let visits = 0; queue.length > 0; visits++) {
      const frame = queue.shift();
      if (frame === undefined) break;
      if (visits >= MAX_HOPS) {
        isCircle = true;
        break;
      }
      this.#visit(frame, hops, queue);
    }
    return conclude(hops, isCircle);
  }

  #begin({ node: name, packet, interface: port, vrf = '' }: WalkStart, hops: WalkHop[], queue: Frame[]): void {
    const node = this.#lab.anyNode(name);
    const outline = outlineOf(packet);
    const parsed = parseIp(packet);
    if (node === undefined || outline === undefined || !parsed.ok) return;
    if (port !== undefined) {
      this.#visit({ node: name, port, nextHop: outline.destination, packet }, hops, queue, true);
      return;
    }
    this.#clear();
    if (!this.#lab.isOn(name)) {
      hops.push({
        node: name,
        kind: kindOf(node),
        packet: outline,
        notes: [],
        fate: 'dropped',
        reason: 'off',
        pieces: 1,
      });
      return;
    }
    let reason: string | undefined;
    if (node instanceof GatewayNode) this.#plane(node).command({ kind: 'inject', vrf, packet }, this.#lab.now);
    else {
      const twin = this.#twin(node);
      if (twin instanceof HostNode && !twin.send(packet, outline.destination, parsed.value.df)) reason = 'too-big';
      else if (this.#sent.length === 0) reason = 'no-route';
    }
    this.#pass(name, undefined, outline, reason, hops, queue);
  }

  #visit(frame: Frame, hops: WalkHop[], queue: Frame[], isGiven = false): void {
    const { node: name, port, nextHop, packet } = frame;
    const node = this.#lab.anyNode(name);
    const outline = outlineOf(packet);
    if (node === undefined || outline === undefined) return;
    this.#clear();
    let reason: string | undefined;
    if (!this.#lab.isOn(name)) reason = 'receiver-off';
    else if (node.egress === undefined && !isGiven && !node.owns(port, nextHop)) reason = 'unknown-next-hop';
    if (reason !== undefined) {
      hops.push({ node: name, kind: 'link', packet: outline, port, notes: [], fate: 'dropped', reason, pieces: 1 });
      return;
    }
    if (node instanceof GatewayNode) this.#plane(node).receive(port, packet.slice(), this.#lab.now);
    else reason = this.#receive(node, frame);
    this.#pass(name, port, outline, reason, hops, queue);
  }

  /** Hands a packet to the twin of a node that is no device; says what that made of it. */
  #receive(node: LabNode, { port, nextHop, packet }: Frame): string | undefined {
    const twin = this.#twin(node);
    const before = verdictsOf(twin);
    twin.receive(port, packet.slice(), this.#lab.now, nextHop);
    for (const [word, count] of Object.entries(verdictsOf(twin))) if (count !== before[word]) return word;
    return this.#sent.length === 0 ? 'dropped' : undefined;
  }

  /** What became of a packet at a node, and what goes on from there. */
  #pass(
    name: string,
    port: string | undefined,
    packet: PacketOutline,
    said: string | undefined,
    hops: WalkHop[],
    queue: Frame[],
  ): void {
    const node = this.#lab.anyNode(name);
    if (node === undefined) return;
    const kind = kindOf(node);
    const { fate, reason } = judge(kind, this.#notes, this.#sent.length, said);
    const goesOn = fate === 'passed' ? this.#sent : [];
    const [first] = goesOn;
    const behind = first && this.#lab.plugged(name, first.port);
    const next = first && {
      port: first.port,
      nextHop: first.nextHop,
      bytes: first.packet.length,
      ...(behind === undefined ? {} : { node: behind.node }),
    };
    merge(hops, {
      node: name,
      kind,
      packet,
      ...(port === undefined ? {} : { port }),
      notes: this.#notes,
      fate: fate === 'passed' && behind === undefined ? 'left' : fate,
      ...(reason === undefined ? {} : { reason }),
      ...(next === undefined ? {} : { next }),
      pieces: 1,
    });
    for (const sent of goesOn) this.#carry(name, sent, hops, queue);
  }

  #carry(from: string, { port, nextHop, packet }: Sent, hops: WalkHop[], queue: Frame[]): void {
    const plugged = this.#lab.plugged(from, port);
    const outline = outlineOf(packet);
    if (plugged === undefined || outline === undefined) return;
    const { link, node } = plugged;
    const reason = !link.up ? 'link-down' : packet.length > link.profile.mtu ? 'too-long' : undefined;
    if (reason === undefined) queue.push({ node, port: plugged.port, nextHop, packet });
    else merge(hops, { node: link.name, kind: 'link', packet: outline, notes: [], fate: 'dropped', reason, pieces: 1 });
  }

  #clear(): void {
    this.#notes = [];
    this.#sent = [];
  }

  #plane(node: GatewayNode): Plane {
    const known = this.#planes.get(node.name);
    if (known !== undefined) return known;
    const twin = node.planeTwin({
      note: (note) => this.#notes.push(note),
      transmit: (port, nextHop, packet) => this.#sent.push({ port, nextHop, packet }),
    });
    if (twin === undefined) throw new Error(`the plane of ${node.name} has no twin`);
    this.#planes.set(node.name, twin);
    return twin;
  }

  #twin(node: LabNode): LabNode {
    const known = this.#nodes.get(node.name);
    if (known !== undefined) return known;
    const twin = node.twin?.({
      transmit: (port, nextHop, packet) => this.#sent.push({ port, nextHop, packet }),
      resolves: (port, address) => this.#lab.resolves(node.name, port, address),
      changed: () => undefined,
    });
    if (twin === undefined) throw new Error(`${node.name} has no twin`);
    this.#nodes.set(node.name, twin);
    return twin;
  }
}

/** What middle boxes and hosts make of a packet that ends with them, where that is no loss. */
const ANSWERS = new Set(['answered', 'not-answered']);
const HOST_LOSSES = new Set(['not-ours', 'malformed', 'bad-checksum']);

function judge(
  kind: WalkHop['kind'],
  notes: readonly PlaneNote[],
  sent: number,
  said: string | undefined,
): Readonly<{ fate: HopFate; reason?: string }> {
  if (kind === 'device') return fateByNotes(notes, sent);
  if (said === 'fragment') return { fate: 'waits' };
  if (kind === 'host' && said !== undefined) {
    // What begins here has not come in; what did and is for it has arrived, whatever the host makes of it.
    const isLost = HOST_LOSSES.has(said) || said === 'too-big' || said === 'no-route';
    return { fate: isLost ? 'dropped' : 'delivered', reason: said };
  }
  if (said !== undefined && ANSWERS.has(said)) return { fate: 'delivered', reason: said };
  const passes = said === undefined || ['forwarded', 'fragmented', 'to-inside', 'to-outside'].includes(said);
  if (passes && sent > 0) return { fate: 'passed' };
  return { fate: 'dropped', reason: said ?? 'dropped' };
}

/** Pieces of one packet that fared alike at one place are one hop; those that waited there went on with the last one. */
function merge(hops: WalkHop[], hop: WalkHop): void {
  const at = hops.findIndex((one) => one.node === hop.node && one.port === hop.port && one.kind === hop.kind);
  const known = hops[at];
  const isPart = hop.packet.isFragment && known?.packet.isFragment === true;
  const isSealedPart = known !== undefined && sameWay(known, hop) && hop.packet.protocol === known.packet.protocol;
  if (known === undefined || !(isPart || isSealedPart)) {
    hops.push(hop);
    return;
  }
  if (known.fate === 'waits') hops[at] = { ...hop, pieces: known.pieces + 1 };
  else if (sameWay(known, hop)) hops[at] = { ...known, pieces: known.pieces + 1 };
  else hops.push(hop);
}

function sameWay(a: WalkHop, b: WalkHop): boolean {
  const { source, destination } = a.packet;
  return a.fate === b.fate && source.equals(b.packet.source) && destination.equals(b.packet.destination);
}

function conclude(hops: readonly WalkHop[], isCircle: boolean): PacketWalk {
  const last = hops.at(-1);
  if (isCircle) return { hops, verdict: 'circle', node: last?.node ?? '' };
  for (const fate of ['dropped', 'delivered', 'left', 'waits'] as const) {
    const found = hops.find((hop) => hop.fate === fate);
    if (found === undefined) continue;
    const why = found.reason === undefined ? {} : { reason: found.reason };
    return { hops, verdict: fate, node: found.node, ...why };
  }
  return { hops, verdict: 'waits', node: last?.node ?? '' };
}

function verdictsOf(node: LabNode): Readonly<Record<string, number>> {
  if (node instanceof HostNode || node instanceof RouterNode || node instanceof NatNode) return { ...node.counters };
  if (node instanceof FirewallNode) return { 'firewall-rule': node.dropped };
  return node instanceof BridgeNode ? { 'unknown-next-hop': node.unknown } : {};
}

function kindOf(node: LabNode): WalkHop['kind'] {
  if (node instanceof GatewayNode) return 'device';
  if (node instanceof HostNode) return 'host';
  if (node instanceof RouterNode) return 'router';
  if (node instanceof NatNode) return 'nat';
  return node instanceof FirewallNode ? 'firewall' : 'bridge';
}
