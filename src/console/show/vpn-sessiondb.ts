/** `show vpn-sessiondb [detail] l2l` in ASA's layout (show-output A4). */
import { Encr } from '../../crypto/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { ChildSaSnapshot, IkeSaSnapshot } from '../../ike/index.ts';
import type { ChildSaTotals } from '../../plane/contract.ts';
import { hashName, prfName } from './names.ts';
import { address, count, list, object, oneOf, optional, publish, text, type Value } from './schema.ts';
import { identText, selectorsSchema, selectorValue } from './selectors.ts';
import { lines, type Shown } from './shown.ts';
import { durationText, isoTime, loginText } from './wall-clock.ts';

const childSchema = object({
  encryption: text('cipher, such as AES256 or AES-GCM-256'),
  hashing: text('HMAC; none for AEAD ciphers'),
  encapsulation: oneOf(['Tunnel', 'Transport'], 'ESP mode'),
  pfsGroup: count('Diffie-Hellman group of its own key exchange; 0 for none'),
  localSelectors: selectorsSchema,
  remoteSelectors: selectorsSchema,
  rekeySeconds: count('lifetime'),
  rekeyLeftSeconds: count('what is left of it'),
  rekeyKilobytes: optional(count('volume limit')),
  rekeyLeftKilobytes: optional(count('what is left of it')),
  bytesTx: count('bytes of inner packets sent by this pair of SAs'),
  bytesRx: count('bytes of inner packets received'),
  packetsTx: count('inner packets sent'),
  packetsRx: count('inner packets received'),
});

const sessionSchema = object({
  connection: text('tunnel-group'),
  index: count('number of the session'),
  address: address('address of the peer'),
  transport: oneOf(['IPsec', 'IPsecOverNatT'], 'whether ESP goes in UDP'),
  role: oneOf(['initiator', 'responder'], 'our part'),
  sourcePort: count('our UDP port'),
  destinationPort: count("the peer's UDP port"),
  encryption: text('cipher of the IKE SA'),
  hashing: text('HMAC of the IKE SA; none for AEAD ciphers'),
  prf: text('pseudorandom function'),
  group: count('Diffie-Hellman group'),
  loginTime: text('since when, ISO 8601'),
  durationSeconds: count('since then'),
  bytesTx: count('bytes of inner packets sent in the session, by SAs replaced meanwhile too'),
  bytesRx: count('bytes of inner packets received'),
  packetsTx: count('inner packets sent'),
  packetsRx: count('inner packets received'),
  rekeySeconds: count('lifetime of the IKE SA; 0 is without end'),
  rekeyLeftSeconds: count('what is left of it'),
  children: list(childSchema, 'pairs of IPsec SAs'),
});

export const vpnSessiondbL2lSchema = publish(
  'show-vpn-sessiondb-l2l',
  'show vpn-sessiondb [detail] l2l',
  object({ sessions: list(sessionSchema, 'sessions between sites') }),
);
export type VpnSessiondbL2l = Value<typeof vpnSessiondbL2lSchema.schema>;
type Session = VpnSessiondbL2l['sessions'][number];

export function showVpnSessiondbL2l(
  snapshot: GatewaySnapshot,
  epochMs: number,
  detail: boolean,
): Shown<VpnSessiondbL2l> {
  const value = vpnSessiondbL2l(snapshot, epochMs);
  return { value, text: textOf(value, snapshot.now + epochMs, detail) };
}

/** Sessions that stand: of an IKE SA that is being rekeyed the new one counts. */
export function vpnSessiondbL2l(snapshot: GatewaySnapshot, epochMs: number): VpnSessiondbL2l {
  const accounts = new Map((snapshot.plane.accounts ?? []).map(({ account, totals }) => [account, totals]));
  const standing = snapshot.ike.sas.filter(({ status }) => status === 'established');
  return { sessions: standing.map((sa) => sessionValue(snapshot, sa, accounts.get(sa.session), epochMs)) };
}

function sessionValue(
  snapshot: GatewaySnapshot,
  sa: IkeSaSnapshot,
  totals: ChildSaTotals | undefined,
  epochMs: number,
): Session {
  const { now } = snapshot;
  const began = sa.sessionSince ?? sa.since;
  const age = Math.floor((now - sa.since) / 1000);
  const life = Math.floor(sa.lifetimeMs / 1000);
  return {
    connection: connectionName(snapshot, sa),
    index: sa.session,
    address: sa.path.remote.address.toString(),
    transport: sa.path.local.port === 4500 ? 'IPsecOverNatT' : 'IPsec',
    role: sa.role,
    sourcePort: sa.path.local.port,
    destinationPort: sa.path.remote.port,
    encryption: cipherWord(sa.encr ?? 0, sa.keyBits ?? 0),
    hashing: hashWord(sa.integ ?? 0),
    prf: prfName(sa.prf ?? 0),
    group: sa.group ?? 0,
    loginTime: isoTime(epochMs + began),
    durationSeconds: Math.floor((now - began) / 1000),
    bytesTx: totals?.outboundBytes ?? 0,
    bytesRx: totals?.inboundBytes ?? 0,
    packetsTx: totals?.outboundPackets ?? 0,
    packetsRx: totals?.inboundPackets ?? 0,
    rekeySeconds: life,
    rekeyLeftSeconds: life === 0 ? 0 : Math.max(0, life - age),
    children: sa.children.map((child) => childValue(snapshot, child)),
  };
}

/** The tunnel-group that serves the peer: its name is what an operator looks for. */
function connectionName({ model }: GatewaySnapshot, { peer, path }: IkeSaSnapshot): string {
  const words = peer.split(' ');
  const group = model.tunnelGroups.find(({ name }) => peer === name || words.includes(name));
  return group?.name ?? path.remote.address.toString();
}

function childValue(
  { now, model, plane, interfaces }: GatewaySnapshot,
  child: ChildSaSnapshot,
): Session['children'][number] {
  const counter = plane.childSas.find(({ id }) => id === child.inboundSpi);
  const owner = interfaces.find(({ name }) => name === counter?.interface);
  const profile = model.ipsecProfiles.find(({ name }) => name === owner?.tunnel?.profile);
  const limit = profile?.lifetimeBytes ?? model.childLifetimeBytes;
  const carried = Math.max(counter?.inboundBytes ?? 0, counter?.outboundBytes ?? 0);
  return {
    encryption: cipherWord(child.encr, child.keyBits),
    hashing: hashWord(child.integ),
    encapsulation: child.mode === 'tunnel' ? 'Tunnel' : 'Transport',
    pfsGroup: child.group,
    localSelectors: child.localSelectors.map(selectorValue),
    remoteSelectors: child.remoteSelectors.map(selectorValue),
    rekeySeconds: Math.round((child.hardAt - child.since) / 1000),
    rekeyLeftSeconds: Math.max(0, Math.floor((child.hardAt - now) / 1000)),
    ...(limit === 'unlimited'
      ? {}
      : {
          rekeyKilobytes: Math.floor(limit / 1000),
          rekeyLeftKilobytes: Math.max(0, Math.floor((limit - carried) / 1000)),
        }),
    bytesTx: counter?.outboundBytes ?? 0,
    bytesRx: counter?.inboundBytes ?? 0,
    packetsTx: counter?.outboundPackets ?? 0,
    packetsRx: counter?.inboundPackets ?? 0,
  };
}

function cipherWord(encr: number, keyBits: number): string {
  if (encr === Encr.AES_GCM_16) return `AES-GCM-${keyBits}`;
  if (encr === Encr.CHACHA20_POLY1305) return 'CHACHA20-POLY1305';
  return `AES${keyBits}`;
}

function hashWord(integ: number): string {
  return integ === 0 ? 'none' : hashName(integ).replace('SHA96', 'SHA1');
}

/** Where the second column begins, without and with an indent. */
const COLUMN = 38;

function two(left: string, right: string, indent = ''): string {
  return `${`${indent}${left}`.padEnd(COLUMN + indent.length)}${right}`;
}

function textOf({ sessions }: VpnSessiondbL2l, nowMs: number, detail: boolean): string {
  if (sessions.length === 0) return 'INFO: There are presently no active sessions of the type specified\n';
  return lines([
    '',
    detail ? 'Session Type: LAN-to-LAN Detailed' : 'Session Type: LAN-to-LAN',
    '',
    ...sessions.flatMap((session) => [...sessionLines(session, nowMs), ...(detail ? detailLines(session) : []), '']),
  ]);
}

function sessionLines(s: Session, nowMs: number): string[] {
  const child = s.children[0];
  const numbered = (ike: string, esp: string | undefined): string =>
    `IKEv2: (1)${ike}${esp === undefined ? '' : `  ${s.transport}: (${s.children.length})${esp}`}`;
  return [
    `Connection   : ${s.connection}`,
    two(`Index        : ${s.index}`, `IP Addr      : ${s.address}`),
    `Protocol     : IKEv2 ${s.transport}`,
    `Encryption   : ${numbered(s.encryption, child?.encryption)}`,
    `Hashing      : ${numbered(s.hashing, child?.hashing)}`,
    two(`Bytes Tx     : ${s.bytesTx}`, `Bytes Rx     : ${s.bytesRx}`),
    `Login Time   : ${loginText(nowMs - s.durationSeconds * 1000)}`,
    `Duration     : ${durationText(s.durationSeconds * 1000)}`,
  ];
}

function detailLines(s: Session): string[] {
  const indent = '  ';
  return [
    'IKEv2 Tunnels: 1',
    `${s.transport} Tunnels: ${s.children.length}`,
    '',
    'IKEv2:',
    `  Tunnel ID    : ${s.index}.1`,
    two(`UDP Src Port : ${s.sourcePort}`, `UDP Dst Port : ${s.destinationPort}`, indent),
    '  Rem Auth Mode: preSharedKeys',
    '  Loc Auth Mode: preSharedKeys',
    two(`Encryption   : ${s.encryption}`, `Hashing      : ${s.hashing}`, indent),
    two(`Rekey Int (T): ${s.rekeySeconds} Seconds`, `Rekey Left(T): ${s.rekeyLeftSeconds} Seconds`, indent),
    two(`PRF          : ${s.prf}`, `D/H Group    : ${s.group}`, indent),
    '  Filter Name  : ',
    ...s.children.flatMap((child, i) => [
      '',
      `${s.transport}:`,
      `  Tunnel ID    : ${s.index}.${i + 2}`,
      `  Local Addr   : ${identText(child.localSelectors[0])}`,
      `  Remote Addr  : ${identText(child.remoteSelectors[0])}`,
      two(`Encryption   : ${child.encryption}`, `Hashing      : ${child.hashing}`, indent),
      child.pfsGroup === 0
        ? `  Encapsulation: ${child.encapsulation}`
        : two(`Encapsulation: ${child.encapsulation}`, `PFS Group    : ${child.pfsGroup}`, indent),
      two(`Rekey Int (T): ${child.rekeySeconds} Seconds`, `Rekey Left(T): ${child.rekeyLeftSeconds} Seconds`, indent),
      ...(child.rekeyKilobytes === undefined
        ? []
        : [
            two(
              `Rekey Int (D): ${child.rekeyKilobytes} K-Bytes`,
              `Rekey Left(D): ${child.rekeyLeftKilobytes} K-Bytes`,
              indent,
            ),
          ]),
      // Sessions never end for want of traffic here: no timeout is in force.
      two('Idle Time Out: 0 Minutes', 'Idle TO Left : 0 Minutes', indent),
      two(`Bytes Tx     : ${child.bytesTx}`, `Bytes Rx     : ${child.bytesRx}`, indent),
      two(`Pkts Tx      : ${child.packetsTx}`, `Pkts Rx      : ${child.packetsRx}`, indent),
    ]),
  ];
}
