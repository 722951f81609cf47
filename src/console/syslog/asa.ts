/**
 * Events in the numbers and words of an ASA's syslog. One event may be several messages (an SA pair is told for each
 * direction), and what an ASA has no number for goes out in our own words under a name instead.
 */
import { type IpAddress, netmask, type Prefix } from '../../base/index.ts';
import type {
  BgpDetails,
  EspDetails,
  EventDetails,
  GatewayLogEvent,
  LineDetails,
  PathMtuDetails,
  RouteDetails,
  TunnelDetails,
} from '../../gateway/index.ts';
import type { TrafficSelector } from '../../ike/index.ts';
import { childSaMessages, ikeMessages, mapOf } from './asa-ike.ts';
import { connection, denied } from './asa-transit.ts';
import type { Level, SyslogMessage } from './message.ts';

export function asaMessages(event: GatewayLogEvent): readonly SyslogMessage[] {
  const { details } = event;
  const told = details === undefined ? [] : numbered(event, details);
  return told.length > 0 ? told : [ownWords(event)];
}

function numbered(event: GatewayLogEvent, details: EventDetails): readonly SyslogMessage[] {
  switch (details.kind) {
    case 'line':
      return [line(details)];
    case 'route':
      return route(details);
    case 'ike':
      return ikeMessages(event, details);
    case 'child-sa':
      return childSaMessages(event, details);
    case 'bgp':
      return bgp(event, details);
    case 'esp':
      return [esp(details)];
    case 'path-mtu':
      return pathMtu(details);
    case 'tunnel':
      return tunnel(event, details);
    case 'connection':
      return [connection(details)];
    case 'transit-denied':
      return [denied(details)];
    case 'configuration':
      return [message(5, '111008', `User '${details.user}' executed the '${details.command}' command.`)];
    case 'routes':
    case 'tcp':
      return [];
    default:
      return details satisfies never;
  }
}

/** `%WHEELWRIGHT-7-ROUTES_CHANGED: …`: what a platform has no message for. */
export function ownWords({ severity, code, text }: GatewayLogEvent): SyslogMessage {
  return message(severity, code.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_'), text);
}

function line({ interface: name, up }: LineDetails): SyslogMessage {
  const [id, state] = up ? ['411001', 'up'] : ['411002', 'down'];
  return message(4, id, `Line protocol on Interface ${name}, changed state to ${state}`);
}

/** Letters of `show route`. */
const LETTERS = { connected: 'C', local: 'L', static: 'S', vpn: 'V', bgp: 'B' } as const;

function route({ change, prefix, source, distance, metric, nextHops }: RouteDetails): SyslogMessage[] {
  const [id, verb] = change === 'installed' ? ['317007', 'Added'] : ['317008', 'Deleted'];
  const letter = LETTERS[source];
  return nextHops.map(({ interface: name, alias, gateway }) => {
    const via = gateway ?? prefix.address;
    const text = `${verb} ${letter} route ${networkText(prefix)} via ${via} [${distance}/${metric}] on ${alias ?? name} ${letter}`;
    return message(6, id, text);
  });
}

function networkText(prefix: Prefix): string {
  return prefix.family === 6 ? `${prefix}` : `${prefix.address} ${netmask(prefix.length)}`;
}

function bgp({ code, text }: GatewayLogEvent, { neighbor, reason }: BgpDetails): SyslogMessage[] {
  switch (code) {
    case 'bgp-neighbor-up':
      return [message(5, '418018', `neighbor ${neighbor} Up`)];
    case 'bgp-neighbor-down':
      return [message(5, '418018', `neighbor ${neighbor} Down ${reason ?? ''}`.trimEnd())];
    case 'notification-sent':
    case 'notification-received':
      return [message(3, '418019', text)];
    default:
      return [];
  }
}

function esp(details: EspDetails): SyslogMessage {
  const { reason, spi, sequence, local, remote, group } = details;
  const which = `SPI= 0x${hex(spi)}${sequence === undefined ? '' : `, sequence number= 0x${sequence.toString(16).toUpperCase()}`}`;
  const start = `IPSEC: Received an ESP packet (${which}) from ${remote}`;
  const between = `${start} (user= ${group ?? remote}) to ${local}`;
  switch (reason) {
    case 'unknown-spi':
      return message(4, '402114', `${start} to ${local} with an invalid SPI.`);
    case 'replayed':
    case 'too-old':
      return message(4, '402119', `${between} that failed anti-replay checking.`);
    case 'integrity-failed':
      return message(4, '402120', `${between} that failed authentication.`);
    case 'selector-mismatch':
      return message(4, '402116', `${between}. ${mismatch(details)}`);
    default:
      return message(4, '402121', `${between} that was dropped by IPsec (${reason}).`);
  }
}

function mismatch({ inner, localSelectors, remoteSelectors }: EspDetails): string {
  const said =
    inner === undefined
      ? ''
      : ` The packet specifies its destination as ${inner.destination}, its source as ${inner.source}, and its protocol as ${inner.protocol}.`;
  const [own, other] = [proxyText(localSelectors), proxyText(remoteSelectors)];
  const wanted =
    own === undefined || other === undefined
      ? ''
      : ` The SA specifies its local proxy as ${own} and its remote_proxy as ${other}.`;
  return `The decapsulated inner packet doesn't match the negotiated policy in the SA.${said}${wanted}`;
}

/** `10.1.1.0/255.255.255.0/0/0` where the range is a network, its two ends otherwise. */
function proxyText(selectors: readonly TrafficSelector[] | undefined): string | undefined {
  const first = selectors?.[0];
  return first === undefined ? undefined : `${rangeText(first.start, first.end)}/${first.protocol}/${first.startPort}`;
}

function rangeText(start: IpAddress, end: IpAddress): string {
  return start.equals(end) ? `${start}` : `${start}-${end}`;
}

function pathMtu({ inboundSpi, remote, group, pathMtu: mtu, told }: PathMtuDetails): SyslogMessage[] {
  if (told === undefined || remote === undefined || inboundSpi === undefined) return [];
  const { from, suggested, before } = told;
  const text = `IPSEC: Received an ICMP Destination Unreachable from ${from} with suggested PMTU of ${suggested}; PMTU updated for SA with peer ${remote}, SPI 0x${hex(inboundSpi)}, tunnel name ${group ?? remote}, old PMTU ${before}, new PMTU ${mtu}.`;
  return [message(6, '602103', text)];
}

function tunnel({ code }: GatewayLogEvent, { interface: name }: TunnelDetails): SyslogMessage[] {
  if (code !== 'acquire') return [];
  return [message(5, '752003', `Tunnel Manager dispatching a KEY_ACQUIRE message to IKEv2. ${mapOf(name)}`)];
}

function message(level: Level, id: string, text: string): SyslogMessage {
  return { level, id, text };
}

function hex(spi: number): string {
  return spi.toString(16).toUpperCase().padStart(8, '0');
}
