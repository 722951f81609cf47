/** `show conn [detail|count]` in ASA's layout: connections between others, the less trusted end first. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { TransitConnection, TransitEnd } from '../../plane/contract.ts';
import { address, count, flag, list, object, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

const endSchema = object({
  interface: text('nameif, or the hardware name where there is none'),
  address: address('of the host'),
  port: count('0 where the protocol has none'),
});

const connectionSchema = object({
  number: count('the how manieth'),
  protocol: text('TCP, UDP, ICMP or the number'),
  outer: endSchema,
  inner: endSchema,
  inbound: flag('the less trusted end began it'),
  idleMs: count('since the last packet'),
  uptimeMs: count('since the first packet'),
  timeoutMs: count('from the last packet until it is forgotten'),
  bytes: count('of IP payload, both ways'),
  flags: text("ASA's letters"),
  randomised: flag('its sequence numbers were made anew'),
});

export const connSchema = publish(
  'show-conn',
  'show conn',
  object({
    inUse: count('connections now'),
    mostUsed: count('most at one time'),
    connections: list(connectionSchema, 'oldest first; of many, the first alone'),
  }),
);
export type Conn = Value<typeof connSchema.schema>;
type Connection = Value<typeof connectionSchema>;

const TCP = 6;
const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMP6' };

const LEGEND = [
  'Flags: A - awaiting inside ACK to SYN, a - awaiting outside ACK to SYN,',
  '       B - initial SYN from outside, F - outside FIN, f - inside FIN,',
  '       I - inbound data, O - outbound data, S - awaiting inside SYN,',
  '       s - awaiting outside SYN, U - up',
];

export function showConn(snapshot: GatewaySnapshot, how: 'brief' | 'detail' | 'count'): Shown<Conn> {
  const value = conn(snapshot);
  const used = `${value.inUse} in use, ${value.mostUsed} most used`;
  if (how === 'count') return { value, text: lines([used]) };
  if (how === 'brief') return { value, text: lines([used, '', ...value.connections.map(briefText)]) };
  return { value, text: lines([used, ...LEGEND, '', ...value.connections.flatMap(detailText)]) };
}

function conn(snapshot: GatewaySnapshot): Conn {
  const { transit } = snapshot;
  return {
    inUse: transit?.inUse ?? 0,
    mostUsed: transit?.mostUsed ?? 0,
    connections: (transit?.connections ?? []).map((one) => connection(snapshot, one)),
  };
}

function connection(snapshot: GatewaySnapshot, one: TransitConnection): Connection {
  const { now } = snapshot;
  const { number, protocol, initiator, responder, openedAt, lastPacketAt, expiresAt, bytes, tcp } = one;
  const inbound = levelOf(snapshot, initiator) < levelOf(snapshot, responder);
  const [outer, inner] = inbound ? [initiator, responder] : [responder, initiator];
  return {
    number,
    protocol: PROTOCOLS[protocol] ?? String(protocol),
    outer: end(snapshot, outer),
    inner: end(snapshot, inner),
    inbound,
    idleMs: now - lastPacketAt,
    uptimeMs: now - openedAt,
    timeoutMs: expiresAt - lastPacketAt,
    bytes,
    flags: protocol === TCP && tcp !== undefined ? flagsOf(tcp, inbound) : '-',
    randomised: tcp?.randomised === true,
  };
}

/** Letters are of the outer and of the inner end, whoever began. */
function flagsOf(tcp: NonNullable<TransitConnection['tcp']>, inbound: boolean): string {
  const { answered, established, data, fin } = tcp;
  const [outer, inner] = inbound ? (['initiator', 'responder'] as const) : (['responder', 'initiator'] as const);
  const began = inbound ? 'B' : '';
  if (!answered) return `${inbound ? 'SaA' : 'saA'}${began}`;
  if (!established) return `${inbound ? 'a' : 'A'}${began}`;
  return [
    'U',
    fin[inner] ? 'f' : '',
    fin[outer] ? 'F' : '',
    data[outer] ? 'I' : '',
    data[inner] ? 'O' : '',
    began,
  ].join('');
}

function briefText({ protocol, outer, inner, idleMs, bytes, flags }: Connection): string {
  const text = ({ interface: name, address: own, port }: Connection['outer']): string => `${name}  ${own}:${port}`;
  return `${protocol} ${text(outer)} ${text(inner)}, idle ${clockText(idleMs)}, bytes ${bytes}, flags ${flags}`;
}

function detailText({ protocol, outer, inner, idleMs, uptimeMs, timeoutMs, bytes, flags }: Connection): string[] {
  const text = ({ interface: name, address: own, port }: Connection['outer']): string => `${name}: ${own}/${port}`;
  return [
    `${protocol} ${text(outer)} ${text(inner)},`,
    `    flags ${flags}, idle ${spanText(idleMs)}, uptime ${spanText(uptimeMs)}, timeout ${spanText(timeoutMs)}, bytes ${bytes}`,
  ];
}

function end({ interfaces }: GatewaySnapshot, { interface: name, endpoint }: TransitEnd): Connection['outer'] {
  const alias = interfaces.find((one) => one.name === name)?.alias;
  return { interface: alias ?? name, address: endpoint.address.toString(), port: endpoint.port };
}

function levelOf({ interfaces }: GatewaySnapshot, { interface: name }: TransitEnd): number {
  return interfaces.find((one) => one.name === name)?.securityLevel ?? 0;
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** `24s`, `39m13s`, `1h0m`. */
function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
