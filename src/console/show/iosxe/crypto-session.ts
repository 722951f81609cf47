/** `show crypto session [detail|brief]` (show-output B4): each tunnel with its IKE SA and what it carries. */
import type { GatewaySnapshot, InterfaceSnapshot } from '../../../gateway/index.ts';
import type { IkeSaSnapshot } from '../../../ike/index.ts';
import { type CryptoIpsecSa, cryptoIpsecSa } from '../crypto-ipsec-sa.ts';
import { identityName, upTime } from '../names.ts';
import { address, count, flag, list, object, oneOf, optional, publish, text, type Value } from '../schema.ts';
import { endpointSchema, endpointText, endpointValue, identText } from '../selectors.ts';
import { lines, type Shown } from '../shown.ts';
import { ikeProfileOf, tunnelModel } from '../tunnel-user.ts';
import { receiveErrors, sendErrors } from './crypto-ipsec-sa.ts';

const directionSchema = object({
  packets: count('inner packets'),
  drops: count('packets that were dropped'),
  remainingKilobytes: optional(count('kilobytes that the volume limit leaves; absent without a limit')),
  remainingSeconds: count('until the hard lifetime'),
});

const flowSchema = object({
  local: text('inner addresses on our side: addr/mask'),
  remote: text("inner addresses on the peer's side: addr/mask"),
  activeSas: count('IPsec SAs, each direction for itself'),
  inbound: optional(directionSchema),
  outbound: optional(directionSchema),
});

const sessionSchema = object({
  interface: text('interface'),
  profile: optional(text('IKE profile')),
  uptimeSeconds: optional(count('since it came up')),
  status: oneOf(['UP-ACTIVE', 'UP-IDLE', 'UP-NO-IKE', 'DOWN-NEGOTIATING', 'DOWN'], 'where it stands'),
  peer: address('address of the peer'),
  port: count("the peer's UDP port"),
  frontVrf: text('VRF of the outer packets; empty for the global one'),
  innerVrf: text('VRF of the inner packets; empty for the global one'),
  phase1Id: optional(text('what the peer calls itself')),
  description: optional(text('description')),
  session: optional(count('number of the session')),
  ikeSas: list(
    object({
      local: endpointSchema,
      remote: endpointSchema,
      isActive: flag('established'),
      capabilities: text('D: dead peer detection, N: NAT traversal, F: fragmentation, U: route update'),
      connection: count('number of the SA'),
      remainingSeconds: optional(count('until it ends; absent: it does not')),
    }),
    'IKE SAs',
  ),
  flows: list(flowSchema, 'what it carries'),
});

export const cryptoSessionSchema = publish(
  'show-crypto-session',
  'show crypto session [detail|brief]',
  object({ sessions: list(sessionSchema, 'by interface') }),
);
export type CryptoSession = Value<typeof cryptoSessionSchema.schema>;
type Session = CryptoSession['sessions'][number];
type Flow = Session['flows'][number];

type IpsecSas = CryptoIpsecSa['sas'];

export type SessionFilter = Readonly<{ remote?: string; interface?: string; frontVrf?: string }>;

export function showCryptoSession(
  snapshot: GatewaySnapshot,
  filter: SessionFilter,
  manner: 'plain' | 'detail' | 'brief',
): Shown<CryptoSession> {
  const value = cryptoSession(snapshot, filter);
  return { value, text: manner === 'brief' ? briefText(value) : textOf(value, manner === 'detail') };
}

export function cryptoSession(snapshot: GatewaySnapshot, filter: SessionFilter): CryptoSession {
  const { sas } = cryptoIpsecSa(snapshot, undefined);
  const sessions = snapshot.interfaces.flatMap((one) => sessionOf(snapshot, one, sas) ?? []);
  return {
    sessions: sessions.filter(
      ({ peer, interface: name, frontVrf }) =>
        (filter.remote === undefined || filter.remote === peer) &&
        (filter.interface === undefined || filter.interface === name) &&
        (filter.frontVrf === undefined || filter.frontVrf === frontVrf),
    ),
  };
}

function sessionOf(snapshot: GatewaySnapshot, one: InterfaceSnapshot, ipsecSas: IpsecSas): Session | undefined {
  const { model, ike, now } = snapshot;
  const { tunnel } = one;
  if (tunnel?.profile === undefined || tunnel.destination === undefined || !one.adminUp) return undefined;
  const sas = ike.sas.filter(
    ({ session, peer }) => session === tunnel.session || (tunnel.peer !== undefined && peer === tunnel.peer),
  );
  const current = sas.find(({ status }) => status === 'established') ?? sas[0];
  const profile = ikeProfileOf(model, one);
  const flows = flowsOf(one, ipsecSas);
  const phase1Id = identityName(current?.remoteIdentity);
  const since = current?.sessionSince ?? current?.since;
  const isUp = flows.some(({ activeSas }) => activeSas > 0);
  return {
    interface: one.name,
    ...(profile === undefined ? {} : { profile: profile.name }),
    ...(isUp && since !== undefined ? { uptimeSeconds: Math.floor((now - since) / 1000) } : {}),
    status: statusOf(sas, isUp),
    peer: tunnel.destination.toString(),
    port: current?.path.remote.port ?? 500,
    frontVrf: tunnelModel(model, one)?.tunnel?.frontVrf ?? '',
    innerVrf: one.vrf,
    ...(phase1Id === '' ? {} : { phase1Id }),
    ...(one.description === undefined ? {} : { description: one.description }),
    ...(current === undefined ? {} : { session: current.session }),
    ikeSas: sas.map((sa) => ({
      local: endpointValue(sa.path.local),
      remote: endpointValue(sa.path.remote),
      isActive: sa.status === 'established',
      capabilities: capabilities(sa, (profile?.dpd ?? model.dpd) !== undefined, profile !== undefined),
      connection: sa.session,
      ...(sa.lifetimeMs === 0
        ? {}
        : { remainingSeconds: Math.max(0, Math.floor((sa.lifetimeMs - (now - sa.since)) / 1000)) }),
    })),
    flows,
  };
}

function statusOf(sas: readonly IkeSaSnapshot[], isUp: boolean): Session['status'] {
  const isEstablished = sas.some(({ status }) => status === 'established' || status === 'rekeyed');
  if (isUp) return isEstablished ? 'UP-ACTIVE' : 'UP-NO-IKE';
  if (isEstablished) return 'UP-IDLE';
  return sas.some(({ status }) => status === 'negotiating') ? 'DOWN-NEGOTIATING' : 'DOWN';
}

/** Letters in the platform's own order. */
function capabilities(sa: IkeSaSnapshot, hasDpd: boolean, updatesRoutes: boolean): string {
  const letters = [
    hasDpd ? 'D' : '',
    sa.natLocal || sa.natRemote ? 'N' : '',
    sa.fragmentation === undefined ? '' : 'F',
    updatesRoutes ? 'U' : '',
  ].join('');
  return letters === '' ? '(none)' : letters;
}

function flowsOf(one: InterfaceSnapshot, all: IpsecSas): Flow[] {
  const sas = all.filter((sa) => sa.interface === one.name);
  const any = one.tunnel?.destination?.family === 6 ? '::/0' : '0.0.0.0/0.0.0.0';
  if (sas.length === 0) return [{ local: any, remote: any, activeSas: 0 }];
  const flows = new Map<string, Flow>();
  for (const sa of sas) {
    const [local, remote] = [network(identText(sa.localSelectors[0])), network(identText(sa.remoteSelectors[0]))];
    const before = flows.get(`${local} ${remote}`);
    const direction = (packets: number, drops: number, from: typeof sa.inbound): NonNullable<Flow['inbound']> => ({
      packets,
      drops,
      ...(from.remainingKilobytes === undefined ? {} : { remainingKilobytes: from.remainingKilobytes }),
      remainingSeconds: sa.remainingSeconds,
    });
    const inbound = before?.inbound ?? { packets: 0, drops: 0 };
    const outbound = before?.outbound ?? { packets: 0, drops: 0 };
    const { counters } = sa;
    flows.set(`${local} ${remote}`, {
      local,
      remote,
      activeSas: (before?.activeSas ?? 0) + 2,
      inbound: direction(
        inbound.packets + counters.packetsReceived,
        inbound.drops + receiveErrors(counters),
        sa.inbound,
      ),
      outbound: direction(outbound.packets + counters.packetsSent, outbound.drops + sendErrors(counters), sa.outbound),
    });
  }
  return [...flows.values()];
}

/** An ident without its protocol and port. */
function network(ident: string): string {
  return ident.replace(/\/\d+\/[^/]*$/, '');
}

const CODES = [
  'Code: C - IKE Configuration mode, D - Dead Peer Detection     ',
  'K - Keepalives, N - NAT-traversal, T - cTCP encapsulation     ',
  'X - IKE Extended Authentication, F - IKE Fragmentation',
  'R - IKE Auto Reconnect, U - IKE Dynamic Route Update',
  'S - SIP VPN ',
  '',
];

function textOf({ sessions }: CryptoSession, detail: boolean): string {
  return lines([
    'Crypto session current status',
    '',
    ...(detail ? CODES : []),
    ...sessions.flatMap((one) => [...block(one, detail), '']),
  ]);
}

function block(one: Session, detail: boolean): string[] {
  const vrfs = ` fvrf: ${one.frontVrf === '' ? '(none)' : one.frontVrf} ivrf: ${one.innerVrf === '' ? '(none)' : one.innerVrf}`;
  return [
    `Interface: ${one.interface}`,
    ...(one.profile === undefined || one.ikeSas.length === 0 ? [] : [`Profile: ${one.profile}`]),
    ...(detail && one.uptimeSeconds !== undefined ? [`Uptime: ${upTime(one.uptimeSeconds * 1000)}`] : []),
    `Session status: ${one.status}${one.status === 'UP-ACTIVE' ? '     ' : ''}`,
    `Peer: ${one.peer} port ${one.port}${detail ? vrfs : ' '}`,
    ...(detail
      ? [
          ...(one.phase1Id === undefined ? [] : [`      Phase1_id: ${one.phase1Id}`]),
          `      Desc: ${one.description ?? '(none)'}`,
        ]
      : []),
    ...(one.session === undefined ? [] : [`  Session ID: ${one.session}  `]),
    ...one.ikeSas.flatMap((sa) => [
      `  IKEv2 SA: local ${endpointText(sa.local)} remote ${endpointText(sa.remote)} ${sa.isActive ? 'Active' : 'Inactive'} `,
      ...(detail
        ? [`          Capabilities:${sa.capabilities} connid:${sa.connection} lifetime:${clock(sa.remainingSeconds)}`]
        : []),
    ]),
    ...one.flows.flatMap((flow) => [
      `  IPSEC FLOW: permit ip ${flow.local} ${flow.remote} `,
      `        Active SAs: ${flow.activeSas}, origin: crypto map`,
      ...(detail
        ? [
            `        Inbound:  #pkts dec'ed ${directionText(flow.inbound)}`,
            `        Outbound: #pkts enc'ed ${directionText(flow.outbound)}`,
          ]
        : []),
    ]),
  ];
}

function directionText(direction: Flow['inbound']): string {
  const { packets = 0, drops = 0, remainingKilobytes, remainingSeconds = 0 } = direction ?? {};
  const isLimited = remainingKilobytes !== undefined || direction === undefined;
  return isLimited
    ? `${packets} drop ${drops} life (KB/Sec) ${remainingKilobytes ?? 0}/${remainingSeconds}`
    : `${packets} drop ${drops} life (KB/Sec) KB Vol Rekey Disabled/${remainingSeconds}`;
}

/** `12:47:36`. */
function clock(seconds: number | undefined): string {
  if (seconds === undefined) return '0';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const LETTERS = {
  'UP-ACTIVE': 'UA',
  'UP-IDLE': 'UI',
  'UP-NO-IKE': 'UN',
  'DOWN-NEGOTIATING': 'DN',
  DOWN: 'D',
} as const;

function briefText({ sessions }: CryptoSession): string {
  const row = (...cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(BRIEF[i] ?? 0))
      .join('')
      .trimEnd();
  return lines([
    'Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, N - Negotiating',
    '        K - No IKE',
    'ivrf = (none)',
    row('Peer', 'I/F', 'Username', 'Group/Phase1_id', 'Uptime', 'Status'),
    ...sessions.map((one) =>
      row(
        one.peer,
        one.interface.replace(/^Tunnel/, 'Tu').replace(/^Virtual-Access/, 'Vi'),
        '',
        one.phase1Id ?? '',
        one.uptimeSeconds === undefined ? '' : upTime(one.uptimeSeconds * 1000),
        LETTERS[one.status],
      ),
    ),
  ]);
}

const BRIEF = [16, 10, 11, 27, 9, 6] as const;
