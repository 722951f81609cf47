/** What an ASA says of connections that pass through it, and of packets that do not. */
import type { ConnectionDetails, TransitDeniedDetails, TransitParty } from '../../gateway/index.ts';
import type { SyslogMessage } from './message.ts';

const TCP = 6;
const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6' };

/** The less trusted end is named first; who began says whether it is inbound. */
export function connection({ number, initiator, responder, ended }: ConnectionDetails): SyslogMessage {
  const isInbound = initiator.securityLevel < responder.securityLevel;
  const [outer, inner] = isInbound ? [initiator, responder] : [responder, initiator];
  if (ended === undefined) {
    const way = isInbound ? 'inbound' : 'outbound';
    const text = `Built ${way} TCP connection ${number} for ${partyText(outer)} (${endpointText(outer)}) to ${partyText(inner)} (${endpointText(inner)})`;
    return { level: 6, id: '302013', text };
  }
  const { durationMs, bytes, reason } = ended;
  const text = `Teardown TCP connection ${number} for ${partyText(outer)} to ${partyText(inner)} duration ${clockText(durationMs)} bytes ${bytes} ${reasonText(reason, isInbound)}`;
  return { level: 6, id: '302014', text };
}

export function denied(details: TransitDeniedDetails): SyslogMessage {
  const { reason, protocol, from, to, accessList, flags } = details;
  if (reason === 'no-connection') {
    const text = `Deny TCP (no connection) from ${endpointText(from)} to ${endpointText(to)} flags ${flagsText(flags ?? 0)}  on interface ${nameOf(from)}`;
    return { level: 6, id: '106015', text };
  }
  const [source, destination] = hasPorts(protocol)
    ? [partyText(from), partyText(to)]
    : [`${nameOf(from)}:${from.endpoint.address}`, `${nameOf(to)}:${to.endpoint.address}`];
  const word = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  const text = `Deny ${word} src ${source} dst ${destination} by access-group "${accessList ?? ''}" [0x0, 0x0]`;
  return { level: 4, id: '106023', text };
}

function reasonText(reason: NonNullable<ConnectionDetails['ended']>['reason'], isInbound: boolean): string {
  switch (reason) {
    case 'fins':
      return 'TCP FINs';
    case 'reset-by-initiator':
      return isInbound ? 'TCP Reset-O' : 'TCP Reset-I';
    case 'reset-by-responder':
      return isInbound ? 'TCP Reset-I' : 'TCP Reset-O';
    case 'idle':
      return 'Conn-timeout';
    case 'half-closed':
      return 'FIN Timeout';
    case 'embryonic':
      return 'SYN Timeout';
    case 'cleared':
      return 'Xlate Clear';
    case 'evicted':
      return 'Unknown';
    default:
      return reason satisfies never;
  }
}

const FLAGS = [
  [0x02, 'SYN'],
  [0x01, 'FIN'],
  [0x04, 'RST'],
  [0x08, 'PSH'],
  [0x10, 'ACK'],
  [0x20, 'URG'],
] as const;

function flagsText(flags: number): string {
  return FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, word]) => word)
    .join(' ');
}

function nameOf({ interface: name, alias }: TransitParty): string {
  return alias ?? name;
}

function partyText(party: TransitParty): string {
  return `${nameOf(party)}:${endpointText(party)}`;
}

function endpointText({ endpoint: { address, port } }: TransitParty): string {
  return `${address}/${port}`;
}

function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === 17;
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
