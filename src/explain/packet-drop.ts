/** Why a packet ended where it did, and which line would have it otherwise. */
import type { IpAddress } from '../base/index.ts';
import type { PlaneNote } from '../plane/contract.ts';
import type { Edit, SourceLine } from './diagnosis.ts';
import type { DeviceEvidence, Fabric } from './evidence.ts';
import { configured, named, stepOf } from './packet-steps.ts';
import type { PacketOutline, WalkHop } from './packet-walk.ts';
import { explainRoute } from './path.ts';
import { insertAfter, lineAt, placeOf } from './places.ts';
import { explainTunnel } from './tunnel.ts';

export type DropCause = Readonly<{
  claim: string;
  lines: readonly SourceLine[];
  /** Alternatives. */
  edits: readonly Edit[];
}>;

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6' };

export function whyDropped(fabric: Fabric, hop: WalkHop): DropCause {
  const device = fabric.get(hop.node);
  const drop = hop.notes.find((note) => note.kind === 'drop');
  if (device === undefined || drop === undefined) return nodeCause(hop);
  const at = drop.interface;
  const where = at === undefined ? device.name : `${device.name} at ${named(device, at)}`;
  switch (drop.reason) {
    case 'access-list':
      return listCause(device, hop, where);
    case 'security-level':
      return levelCause(device, hop, where);
    case 'no-route':
    case 'null-route':
      return routeCause(fabric, device, hop, where);
    case 'no-sa':
    case 'interface-down':
      return tunnelCause(fabric, device, at, where, drop.reason);
    case 'too-big':
      return sizeCause(device, hop, at, where);
    default: {
      const steps = hop.notes.map((note) => stepOf(device, note));
      const lines = steps.findLast((step) => step.lines.length > 0)?.lines ?? [];
      return { claim: `${where} drops it: ${drop.reason}`, lines, edits: [] };
    }
  }
}

function nodeCause({ node, kind, reason }: WalkHop): DropCause {
  const words: Readonly<Record<string, string>> = {
    'too-long': 'it is longer than the link carries',
    'link-down': 'the link is down',
    'receiver-off': 'the device there is switched off',
    'unknown-next-hop': 'nobody there has the address of the next hop',
    'firewall-rule': 'a rule of it drops this',
    'too-big': 'it does not fit and may not be cut',
    'no-route': 'nothing leads there',
  };
  const why = words[reason ?? ''] ?? reason ?? 'dropped';
  return { claim: `lost at ${kind} ${node}: ${why}`, lines: [], edits: [] };
}

function listCause(device: DeviceEvidence, { notes, packet }: WalkHop, where: string): DropCause {
  const note = notes.find((one) => one.kind === 'access-list' && !one.permits);
  const lines = note === undefined ? [] : stepOf(device, note).lines;
  const [first] = lines;
  const claim = `${where} drops it: its access list denies it`;
  const group = device.model.accessGroups?.find(({ written }) =>
    lines.some(({ position }) => position === written.start),
  );
  const list = device.model.accessLists.find(({ name }) => name === group?.accessList);
  const before = list?.entries[0]?.written.start;
  if (first === undefined || list === undefined || before === undefined || device.model.dialect !== 'asa') {
    return { claim, lines, edits: [] };
  }
  const text = `access-list ${list.name} extended permit ${flowWords(packet)}`;
  const edit = insertAfter(device, { ...before, line: before.line - 1 }, { text, why: 'lets this flow pass' });
  return { claim, lines, edits: [edit] };
}

/** A flow as a line of an access list. */
function flowWords({ protocol, source, destination, destinationPort }: PacketOutline): string {
  const port = destinationPort === undefined ? '' : ` eq ${destinationPort}`;
  const host = (one: IpAddress): string => (one.family === 6 ? `host ${one}` : `host ${one}`);
  return `${PROTOCOLS[protocol] ?? protocol} ${host(source)} ${host(destination)}${port}`;
}

function levelCause(device: DeviceEvidence, { notes }: WalkHop, where: string): DropCause {
  const note = notes.find(
    (one): one is Extract<PlaneNote, { kind: 'passage' }> => one.kind === 'passage' && !one.permits,
  );
  if (note === undefined)
    return { claim: `${where} drops it: its address is behind a more trusted interface`, lines: [], edits: [] };
  const { lines } = stepOf(device, note);
  const [a, b] = note.levels ?? [0, 0];
  if (a !== b) {
    return {
      claim: `${where} drops it: from level ${a} to the higher level ${b} only answers pass, or what an access list permits`,
      lines,
      edits: [],
    };
  }
  const text = `same-security-traffic permit ${note.from === note.to ? 'intra' : 'inter'}-interface`;
  const first = device.model.interfaces[0]?.written.start;
  const edit =
    first && insertAfter(device, { ...first, line: first.line - 1 }, { text, why: 'lets equal levels speak' });
  return {
    claim: `${where} drops it: both interfaces are of level ${a}`,
    lines,
    edits: edit === undefined ? [] : [edit],
  };
}

function routeCause(fabric: Fabric, device: DeviceEvidence, hop: WalkHop, where: string): DropCause {
  const note = hop.notes.findLast((one): one is Extract<PlaneNote, { kind: 'route' }> => one.kind === 'route');
  const own = note === undefined ? [] : stepOf(device, note).lines;
  const target = note?.destination ?? hop.packet.destination;
  const claim = `${where} drops it: ${note?.isNull === true ? `its route to ${target} leads nowhere` : `it has no route to ${target}`}`;
  if (note === undefined || note.vrf !== '') return { claim, lines: own, edits: [] };
  const found = explainRoute(fabric, device.name, target.toString());
  if (found.state === 'up' || found.code === 'unexplained') return { claim, lines: own, edits: [] };
  const missing = found.missing === undefined ? '' : ` (missing: ${found.missing})`;
  return { claim: `${claim}; ${found.claim}${missing}`, lines: [...own, ...found.lines], edits: found.edits };
}

function tunnelCause(
  fabric: Fabric,
  device: DeviceEvidence,
  at: string | undefined,
  where: string,
  reason: string,
): DropCause {
  const what = reason === 'no-sa' ? 'the tunnel has no child SA' : 'the interface is down';
  const model = at === undefined ? undefined : configured(device, at);
  if (at === undefined || model === undefined) return { claim: `${where} drops it: ${what}`, lines: [], edits: [] };
  if (model.tunnel === undefined) {
    const lines = [lineAt(device, placeOf(model.written, 'shutdown'))];
    return { claim: `${where} drops it: ${what}`, lines, edits: [] };
  }
  const found = explainTunnel(fabric, device.name, model.name);
  return {
    claim: `${where} drops it: ${what}; ${found.claim} [${found.code}]`,
    lines: found.lines,
    edits: found.edits,
  };
}

function sizeCause(
  device: DeviceEvidence,
  { notes, packet }: WalkHop,
  at: string | undefined,
  where: string,
): DropCause {
  const told = notes.find((one) => one.kind === 'told');
  const limit = told?.kind === 'told' && told.mtu > 0 ? `, ${told.mtu} bytes fit` : '';
  const model = at === undefined ? undefined : configured(device, at);
  const lines = model === undefined ? [] : [lineAt(device, placeOf(model.written, 'mtu'))];
  return {
    claim: `${where} drops it: ${packet.bytes} bytes do not fit${limit}, and it may not be cut (DF)`,
    lines,
    edits: [],
  };
}
