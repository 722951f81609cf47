/** The value of `show crypto ikev2 sa`, and its text in ASA's layout (show-output A1, A2). */
import { Encr } from '../../crypto/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { ChildSaSnapshot, IkeSaSnapshot } from '../../ike/index.ts';
import { cipherName, hashName, identityName, prfName, spiHex } from './names.ts';
import { count, flag, hexadecimal, list, object, oneOf, optional, publish, text, type Value } from './schema.ts';
import {
  endpointSchema,
  endpointText,
  endpointValue,
  selectorsSchema,
  selectorText,
  selectorValue,
} from './selectors.ts';
import { lines, type Shown } from './shown.ts';
import { type TunnelUser, tunnelUser } from './tunnel-user.ts';

const childSchema = object({
  inboundSpi: hexadecimal(8, 'SPI that we receive on'),
  outboundSpi: hexadecimal(8, 'SPI that we send on'),
  encryption: text('cipher, such as AES-CBC'),
  keyBits: count('length of its key'),
  integrity: text('HMAC; N/A for AEAD ciphers'),
  pfsGroup: count('Diffie-Hellman group of its own key exchange; 0 for none'),
  esn: flag('extended sequence numbers'),
  mode: oneOf(['tunnel', 'transport'], 'ESP mode'),
  localSelectors: selectorsSchema,
  remoteSelectors: selectorsSchema,
  activeSeconds: count('age'),
  remainingSeconds: count('until its hard lifetime'),
  isRekeying: flag('being replaced or deleted'),
});

const saSchema = object({
  session: count('number of the session; it survives rekeying'),
  status: oneOf(['ready', 'negotiating', 'rekeyed', 'deleting'], 'where the IKE SA stands'),
  role: oneOf(['initiator', 'responder'], 'our part in making it'),
  peer: text('name of the configured peer; empty while it is not known'),
  local: endpointSchema,
  remote: endpointSchema,
  localSpi: hexadecimal(16, 'IKE SPI, ours'),
  remoteSpi: hexadecimal(16, "IKE SPI, the peer's"),
  encryption: optional(text('cipher, such as AES-CBC')),
  keyBits: optional(count('length of its key')),
  integrity: optional(text('HMAC; N/A for AEAD ciphers')),
  prf: optional(text('pseudorandom function')),
  group: optional(count('Diffie-Hellman group')),
  authSign: optional(oneOf(['psk', 'rsa', 'ecdsa', 'eddsa'], 'how we proved who we are')),
  authVerify: optional(oneOf(['psk', 'rsa', 'ecdsa', 'eddsa'], 'how the peer did')),
  localIdentity: text('what we call ourselves'),
  remoteIdentity: text('what the peer calls itself'),
  lifetimeSeconds: count('lifetime; 0 is without end'),
  activeSeconds: count('age'),
  rekeyInSeconds: optional(count('until we rekey it')),
  localMessageId: count('next request of ours'),
  remoteMessageId: count("next request of the peer's"),
  isNatLocal: flag('there is a NAT before us'),
  isNatRemote: flag('there is a NAT before the peer'),
  fragmentation: optional(
    object({
      mtu: count('bytes of the largest IP packet that carries a piece of a message'),
      overhead: count('bytes of it that are not IKE'),
    }),
  ),
  isQuantumSafe: optional(flag('a postquantum preshared key is in its keys (RFC 8784)')),
  isMobike: optional(flag('it can move to other addresses (RFC 4555)')),
  reauthenticateInSeconds: optional(count('until we authenticate anew')),
  frontVrf: optional(text('VRF of its messages; absent: the global one')),
  innerVrf: optional(text('VRF of what it protects; absent: the global one')),
  profile: optional(text('IKE profile, where the platform has such')),
  liveness: optional(
    object({ idleSeconds: count('silence before a check'), retrySeconds: count('between checks') }, 'DPD'),
  ),
  children: list(childSchema, 'child SAs'),
});

export const cryptoIkev2SaSchema = publish(
  'show-crypto-ikev2-sa',
  'show crypto ikev2 sa [detail], show crypto ikev2 session',
  object({ sas: list(saSchema, 'IKE SAs by session') }),
);
export type CryptoIkev2Sa = Value<typeof cryptoIkev2SaSchema.schema>;
type Sa = CryptoIkev2Sa['sas'][number];
type Child = Sa['children'][number];

export function showCryptoIkev2Sa(snapshot: GatewaySnapshot, detail: boolean): Shown<CryptoIkev2Sa> {
  const value = cryptoIkev2Sa(snapshot);
  return { value, text: textOf(value, detail) };
}

export function cryptoIkev2Sa(snapshot: GatewaySnapshot): CryptoIkev2Sa {
  const rank = ({ status }: IkeSaSnapshot): number => (status === 'negotiating' ? 1 : 0);
  const sas = [...snapshot.ike.sas].sort((a, b) => rank(a) - rank(b) || a.session - b.session);
  return { sas: sas.map((sa) => saValue(snapshot, sa)) };
}

function saValue(snapshot: GatewaySnapshot, sa: IkeSaSnapshot): Sa {
  const { now, model } = snapshot;
  const group = model.tunnelGroups.find(
    ({ name }) => sa.peer === `tunnel-group ${name}` || name === sa.path.remote.address.toString(),
  );
  const { keepalive } = group ?? {};
  const user = tunnelUser(snapshot, sa);
  return {
    session: sa.session,
    status: sa.status === 'established' ? 'ready' : sa.status,
    role: sa.role,
    peer: sa.peer,
    local: endpointValue(sa.path.local),
    remote: endpointValue(sa.path.remote),
    localSpi: sa.localSpi,
    remoteSpi: sa.remoteSpi,
    ...(sa.encr === undefined ? {} : { encryption: cipherName(sa.encr) }),
    ...(sa.keyBits === undefined || sa.encr === Encr.CHACHA20_POLY1305 ? {} : { keyBits: sa.keyBits }),
    ...(sa.integ === undefined ? {} : { integrity: hashName(sa.integ) }),
    ...(sa.prf === undefined ? {} : { prf: prfName(sa.prf) }),
    ...(sa.group === undefined ? {} : { group: sa.group }),
    ...(sa.authentication === undefined
      ? {}
      : { authSign: sa.authentication.local, authVerify: sa.authentication.remote }),
    localIdentity: identityName(sa.localIdentity),
    remoteIdentity: identityName(sa.remoteIdentity),
    lifetimeSeconds: seconds(sa.lifetimeMs),
    activeSeconds: seconds(now - sa.since),
    ...(sa.rekeyAt === undefined ? {} : { rekeyInSeconds: seconds(sa.rekeyAt - now) }),
    localMessageId: sa.localMessageId,
    remoteMessageId: sa.remoteMessageId,
    ...(sa.fragmentation === undefined ? {} : { fragmentation: sa.fragmentation }),
    isNatLocal: sa.natLocal,
    isNatRemote: sa.natRemote,
    ...(sa.quantumSafe === true ? { isQuantumSafe: true } : {}),
    ...(sa.mobike === true ? { isMobike: true } : {}),
    ...(sa.reauthenticateAt === undefined ? {} : { reauthenticateInSeconds: seconds(sa.reauthenticateAt - now) }),
    ...(user === undefined ? {} : userValue(user)),
    ...(keepalive === undefined
      ? {}
      : { liveness: { idleSeconds: keepalive.thresholdMs / 1000, retrySeconds: keepalive.retryMs / 1000 } }),
    children: sa.children.map((child) => childValue(child, now)),
  };
}

function userValue({ frontVrf, innerVrf, profile, dpd }: TunnelUser): Partial<Sa> {
  return {
    ...(frontVrf === '' ? {} : { frontVrf }),
    ...(innerVrf === '' ? {} : { innerVrf }),
    ...(profile === undefined ? {} : { profile: profile.name }),
    ...(dpd === undefined ? {} : { liveness: { idleSeconds: dpd.idleMs / 1000, retrySeconds: dpd.retryMs / 1000 } }),
  };
}

function childValue(child: ChildSaSnapshot, now: number): Child {
  return {
    inboundSpi: spiHex(child.inboundSpi),
    outboundSpi: spiHex(child.outboundSpi),
    encryption: cipherName(child.encr),
    keyBits: child.keyBits,
    integrity: hashName(child.integ),
    pfsGroup: child.group,
    esn: child.esn,
    mode: child.mode,
    localSelectors: child.localSelectors.map(selectorValue),
    remoteSelectors: child.remoteSelectors.map(selectorValue),
    activeSeconds: seconds(now - child.since),
    remainingSeconds: seconds(child.hardAt - now),
    isRekeying: child.rekeying,
  };
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

/** Widths as on the platform: tunnel id right-aligned, local, remote, status; the role ends with its heading. */
const LOCAL = 52;
const REMOTE = 56;
const HEADER = `Tunnel-id ${'Local'.padEnd(LOCAL)}${'Remote'.padEnd(REMOTE)}${'Status'.padEnd(15)}Role`;

const STATUS_WORDS = { ready: 'READY', rekeyed: 'READY', negotiating: 'IN-NEG', deleting: 'DELETE' } as const;

function textOf({ sas }: CryptoIkev2Sa, detail: boolean): string {
  if (sas.length === 0) return 'There are no IKEv2 SAs\n';
  const sessions = new Map<number, Sa[]>();
  for (const sa of sas) sessions.set(sa.session, [...(sessions.get(sa.session) ?? []), sa]);
  return `\nIKEv2 SAs:\n\n${[...sessions.values()].map((own) => sessionText(own, detail)).join('\n')}`;
}

function sessionText(sas: readonly Sa[], detail: boolean): string {
  const words = sas.some(({ status }) => status === 'ready')
    ? 'UP-ACTIVE'
    : sas.some(({ status }) => status === 'negotiating')
      ? 'UP-IDLE'
      : 'DOWN';
  const children = sas.reduce((sum, sa) => sum + sa.children.length, 0);
  return lines([
    `Session-id:${sas[0]?.session}, Status:${words}, IKE count:${sas.length}, CHILD count:${children}`,
    '',
    HEADER,
    ...sas.flatMap((sa) => saLines(sa, detail)),
  ]);
}

function saLines(sa: Sa, detail: boolean): string[] {
  const row = [
    `${String(sa.session).padStart(9)} `,
    endpointText(sa.local).padEnd(LOCAL),
    endpointText(sa.remote).padEnd(REMOTE),
    STATUS_WORDS[sa.status].padEnd(9),
    sa.role.toUpperCase(),
  ];
  return [
    row.join(''),
    ...(sa.encryption === undefined ? [] : [`      ${algorithms(sa)}`]),
    `      Life/Active Time: ${sa.lifetimeSeconds}/${sa.activeSeconds} sec`,
    ...(detail ? detailLines(sa).map((line) => `      ${line}`) : []),
    ...sa.children.flatMap((child) => childLines(child, detail)),
  ];
}

function algorithms({ encryption, keyBits, integrity, group, authSign, authVerify }: Sa): string {
  const [sign, verify] = [authSign ?? 'psk', authVerify ?? 'psk'].map((kind) => kind.toUpperCase());
  const signs = `Auth sign: ${sign}, Auth verify: ${verify}`;
  const size = keyBits === undefined ? '' : `, keysize: ${keyBits}`;
  return `Encr: ${encryption}${size}, Hash: ${integrity}, DH Grp:${group}, ${signs}`;
}

function detailLines(sa: Sa): string[] {
  const pair = (left: string, right: string): string => `${left.padEnd(32)}${right}`;
  const nat = sa.isNatLocal || sa.isNatRemote ? `detected ${sa.isNatLocal ? 'inside' : 'outside'}` : 'not detected';
  const { liveness } = sa;
  return [
    `Session-id: ${sa.session}`,
    `Status Description: ${description(sa)}`,
    pair(`Local spi: ${sa.localSpi.toUpperCase()}`, `Remote spi: ${sa.remoteSpi.toUpperCase()}`),
    `Local id: ${sa.localIdentity}`,
    `Remote id: ${sa.remoteIdentity}`,
    pair(`Local req mess id: ${sa.localMessageId}`, `Remote req mess id: ${sa.remoteMessageId}`),
    pair(`Local next mess id: ${sa.localMessageId}`, `Remote next mess id: ${sa.remoteMessageId}`),
    pair(`Local req queued: ${sa.localMessageId}`, `Remote req queued: ${sa.remoteMessageId}`),
    // RFC 7296 section 2.3: one request at a time unless a window is announced, which we neither do nor make use of.
    pair('Local window: 1', 'Remote window: 1'),
    liveness === undefined
      ? 'DPD not configured'
      : `DPD configured for ${liveness.idleSeconds} seconds, retry ${liveness.retrySeconds}`,
    `NAT-T is ${nat}`,
    ...(sa.isMobike === true ? ['MOBIKE enabled'] : []),
    ...(sa.isQuantumSafe === true ? ['Quantum Resistance Enabled'] : []),
    fragmentationLine(sa),
    'Parent SA Extended Status:',
    `    Delete in progress: ${sa.status === 'deleting' ? 'TRUE' : 'FALSE'}`,
    `    Marked for delete: ${sa.status === 'rekeyed' ? 'TRUE' : 'FALSE'}`,
  ];
}

function fragmentationLine({ fragmentation }: Sa): string {
  if (fragmentation === undefined) return 'IKEv2 Fragmentation not configured';
  const { mtu, overhead } = fragmentation;
  return `IKEv2 Fragmentation Configured MTU: ${mtu} bytes, Overhead: ${overhead} bytes, Effective MTU: ${mtu - overhead} bytes`;
}

function description({ status, role }: Sa): string {
  switch (status) {
    case 'ready':
      return 'Negotiation done';
    case 'rekeyed':
      return 'Rekeyed, waiting for deletion';
    case 'deleting':
      return 'Deleting';
    default:
      return role === 'initiator' ? 'Initiator waiting for response' : 'Responder waiting for AUTH message';
  }
}

function childLines(child: Child, detail: boolean): string[] {
  const count = Math.max(child.localSelectors.length, child.remoteSelectors.length);
  const selectors = Array.from({ length: count }, (_, i) => {
    const [local, remote] = [child.localSelectors[i], child.remoteSelectors[i]];
    return [
      ...(local === undefined ? [] : [`Child sa: local selector  ${selectorText(local)}`]),
      ...(remote === undefined ? [] : [`          remote selector ${selectorText(remote)}`]),
    ];
  });
  return [
    ...selectors.flat(),
    `          ESP spi in/out: 0x${child.inboundSpi}/0x${child.outboundSpi}  `,
    ...(detail
      ? [
          '          AH spi in/out: 0x0/0x0  ',
          '          CPI in/out: 0x0/0x0  ',
          `          Encr: ${child.encryption}, keysize: ${child.keyBits}, esp_hmac: ${child.integrity}`,
          `          ah_hmac: None, comp: IPCOMP_NONE, mode ${child.mode}`,
        ]
      : []),
  ];
}
