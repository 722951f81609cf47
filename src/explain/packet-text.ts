/** A packet's way as text, as JSON and as a Mermaid diagram. */
import type { SourceLine } from './diagnosis.ts';
import type { PacketHop, PacketReport, PacketWay } from './packet.ts';
import type { PacketOutline } from './packet-walk.ts';

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  6: 'TCP',
  17: 'UDP',
  47: 'GRE',
  50: 'ESP',
  58: 'ICMPv6',
};

export function packetText({ forth, back, asymmetry = [] }: PacketReport): string {
  const out = wayText(forth, 'there');
  if (back !== undefined) out.push('', ...wayText(back, 'back'));
  if (asymmetry.length > 0) out.push('', 'asymmetric:', ...asymmetry.map((one) => `  ${one}`));
  return `${out.join('\n')}\n`;
}

function wayText(way: PacketWay, title: string): string[] {
  const out: string[] = [];
  for (const [i, hop] of way.hops.entries()) {
    const pieces = hop.pieces > 1 ? `, ${hop.pieces} pieces` : '';
    out.push(`${i === 0 ? `${title}: ` : ''}${hop.kind} ${hop.node}: ${outlineText(hop.packet)}${pieces}`);
    for (const { verdict, text, lines } of hop.steps) {
      out.push(`  ${verdict === 'drop' ? 'x' : '-'} ${text}`);
      for (const line of lines) out.push(`      ${lineText(line)}`);
    }
    if (hop.steps.length === 0) out.push(`  ${hop.fate === 'dropped' ? 'x' : '-'} ${fateText(hop)}`);
  }
  out.push(`${title}: ${way.verdict}: ${way.claim}`);
  for (const line of way.lines) out.push(`  ${lineText(line)}`);
  for (const [i, { device, file, line, action, text, why }] of way.edits.entries()) {
    out.push(`  ${i === 0 ? 'edit' : 'or  '}: ${device}: ${action} ${file}:${line}, ${why}`);
    for (const one of text === '' ? [] : text.split('\n')) out.push(`      + ${one}`);
  }
  return out;
}

function fateText({ fate, reason, next }: PacketHop): string {
  if (fate === 'passed' && next !== undefined) return `goes on by ${next.port} toward ${next.nextHop}`;
  return reason === undefined ? fate : `${fate}: ${reason}`;
}

function lineText({ position, text }: SourceLine): string {
  return `${position.file}:${position.line}: ${text.trim()}`;
}

export function outlineText(packet: PacketOutline): string {
  const { protocol, source, destination, sourcePort, destinationPort, bytes, isFragment } = packet;
  const port = (one: number | undefined): string => (one === undefined ? '' : `:${one}`);
  const name = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  return `${name} ${source}${port(sourcePort)} to ${destination}${port(destinationPort)}, ${bytes} bytes${isFragment ? ', a fragment' : ''}`;
}

/** A flowchart: nodes in their order, the way there and the way back, and where it ends. */
export function packetMermaid({ forth, back }: PacketReport): string {
  const ids = new Map<string, string>();
  const nodes: string[] = [];
  const arrows: string[] = [];
  const idOf = (name: string): string => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = `n${ids.size}`;
    ids.set(name, id);
    nodes.push(`  ${id}["${escaped(name)}"]`);
    return id;
  };
  for (const [way, arrow] of [
    [forth, '-->'],
    [back, '-.->'],
  ] as const) {
    if (way === undefined) continue;
    let before: PacketHop | undefined;
    for (const hop of way.hops) {
      const id = idOf(hop.node);
      if (before !== undefined)
        arrows.push(`  ${idOf(before.node)} ${arrow}|"${escaped(outlineText(hop.packet))}"| ${id}`);
      before = hop;
    }
    const end = `e${arrow === '-->' ? 'f' : 'b'}`;
    nodes.push(`  ${end}(["${escaped(`${way.verdict}: ${way.claim}`)}"])`);
    if (before !== undefined) arrows.push(`  ${idOf(way.node)} ${arrow} ${end}`);
  }
  return `${['flowchart LR', ...nodes, ...arrows].join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('"', '#quot;');
}
