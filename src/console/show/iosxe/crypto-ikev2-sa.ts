/** `show crypto ikev2 sa [detailed]` and `show crypto ikev2 session` in IOS-XE's layout (show-output B1 to B3). */
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { type CryptoIkev2Sa, cryptoIkev2Sa } from '../crypto-ikev2-sa.ts';
import { endpointText, selectorText } from '../selectors.ts';
import { lines, type Shown } from '../shown.ts';
import { signWord, vrfWord } from './words.ts';

type Sa = CryptoIkev2Sa['sas'][number];
type Child = Sa['children'][number];

/** What is asked for; absent: all of them. */
export type Ikev2SaFilter = Readonly<{ remote?: string; local?: string; frontVrf?: string }>;

export function showIkev2Sa(snapshot: GatewaySnapshot, filter: Ikev2SaFilter, detail: boolean): Shown<CryptoIkev2Sa> {
  const value = filtered(cryptoIkev2Sa(snapshot), filter);
  const [four, six] = byFamily(value.sas);
  return {
    value,
    text: lines([
      ' IPv4 Crypto IKEv2  SA ',
      '',
      ...(four.length === 0 ? [] : [HEADER_4, ...four.flatMap((sa) => [...saLines(sa, detail), ''])]),
      ' IPv6 Crypto IKEv2  SA ',
      '',
      ...(six.length === 0 ? [] : [HEADER_6, ...six.flatMap((sa) => [...saLines(sa, detail), ''])]),
    ]),
  };
}

export function showIkev2Session(snapshot: GatewaySnapshot, detail: boolean): Shown<CryptoIkev2Sa> {
  const value = cryptoIkev2Sa(snapshot);
  const [four, six] = byFamily(value.sas);
  return {
    value,
    text: lines([
      ' IPv4 Crypto IKEv2 Session ',
      '',
      ...sessions(four, HEADER_4, detail),
      ' IPv6 Crypto IKEv2 Session ',
      '',
      ...sessions(six, HEADER_6, detail),
    ]),
  };
}

function filtered({ sas }: CryptoIkev2Sa, { remote, local, frontVrf }: Ikev2SaFilter): CryptoIkev2Sa {
  return {
    sas: sas.filter(
      (sa) =>
        (remote === undefined || sa.remote.address === remote) &&
        (local === undefined || sa.local.address === local) &&
        (frontVrf === undefined || (sa.frontVrf ?? '') === frontVrf),
    ),
  };
}

function byFamily(sas: readonly Sa[]): readonly [readonly Sa[], readonly Sa[]] {
  const isSix = (sa: Sa): boolean => sa.remote.address.includes(':');
  return [sas.filter((sa) => !isSix(sa)), sas.filter(isSix)];
}

const HEADER_4 = 'Tunnel-id Local                 Remote                fvrf/ivrf            Status ';
const HEADER_6 = 'Tunnel-id    fvrf/ivrf              Status ';

const STATUS = { ready: 'READY', rekeyed: 'READY', negotiating: 'IN-NEG', deleting: 'DELETE' } as const;

function sessions(sas: readonly Sa[], header: string, detail: boolean): string[] {
  const bySession = new Map<number, Sa[]>();
  for (const sa of sas) bySession.set(sa.session, [...(bySession.get(sa.session) ?? []), sa]);
  return [...bySession].flatMap(([session, own]) => {
    const children = own.flatMap((sa) => sa.children);
    const status = own.some((sa) => sa.status === 'ready') ? 'UP-ACTIVE' : 'DOWN-NEGOTIATING';
    return [
      `Session-id:${session}, Status:${status}, IKE count:${own.length}, CHILD count:${children.length}`,
      '',
      header,
      ...own.flatMap((sa) => saLines(sa, detail)),
      ...children.flatMap((child) => childLines(child, detail)),
      '',
    ];
  });
}

function saLines(sa: Sa, detail: boolean): string[] {
  const vrfs = `${vrfWord(sa.frontVrf)}/${vrfWord(sa.innerVrf)}`;
  const status = STATUS[sa.status];
  const start = sa.remote.address.includes(':')
    ? [
        `${String(sa.session).padEnd(13)}${vrfs.padEnd(23)}${status}  `,
        `Local  ${endpointText(sa.local)}`,
        `Remote  ${endpointText(sa.remote)}`,
      ]
    : [
        [
          String(sa.session).padEnd(10),
          endpointText(sa.local).padEnd(22),
          endpointText(sa.remote).padEnd(22),
          vrfs.padEnd(21),
          `${status}  `,
        ].join(''),
      ];
  return [
    ...start,
    ...[
      algorithms(sa),
      `Life/Active Time: ${sa.lifetimeSeconds}/${sa.activeSeconds} sec`,
      `CE id: 0, Session-id: ${sa.session}`,
      // Releases of today print these two without being asked for detail.
      `Local spi: ${sa.localSpi.toUpperCase()}       Remote spi: ${sa.remoteSpi.toUpperCase()}`,
      ...(detail ? detailLines(sa) : []),
    ].map((line) => `      ${line}`),
  ];
}

function algorithms({ encryption, keyBits, integrity, prf, group, authSign, authVerify }: Sa): string {
  const size = keyBits === undefined ? '' : `, keysize: ${keyBits}`;
  const hash = integrity === undefined || integrity === 'N/A' ? 'None' : integrity;
  const cipher = encryption === undefined ? 'Unknown - 0' : `${encryption}${size}`;
  const signs = `Auth sign: ${signWord(authSign)}, Auth verify: ${signWord(authVerify)}`;
  return `Encr: ${cipher}, PRF: ${prf ?? 'Unknown - 0'}, Hash: ${hash}, DH Grp:${group ?? 0}, ${signs}`;
}

function detailLines(sa: Sa): string[] {
  const pair = (left: string, own: number, right: string, other: number): string =>
    `${left.padEnd(19)}${String(own).padEnd(15)}${right.padEnd(20)}${String(other).padEnd(10)}`;
  const { localMessageId: own, remoteMessageId: other, liveness, fragmentation } = sa;
  const nat = sa.isNatLocal || sa.isNatRemote ? `detected  ${sa.isNatLocal ? 'inside' : 'outside'}` : 'not detected  ';
  return [
    `Status Description: ${description(sa)}`,
    `Local id: ${sa.localIdentity}`,
    `Remote id: ${sa.remoteIdentity}`,
    pair('Local req msg id:', own, 'Remote req msg id:', other),
    pair('Local next msg id:', own, 'Remote next msg id:', other),
    pair('Local req queued:', own, 'Remote req queued:', other),
    // RFC 7296 section 2.3: one request at a time unless a window is announced, which we neither do nor make use of.
    pair('Local window:', 1, 'Remote window:', 1),
    liveness === undefined
      ? 'DPD configured for 0 seconds, retry 0'
      : `DPD configured for ${liveness.idleSeconds} seconds, retry ${liveness.retrySeconds}`,
    fragmentation === undefined
      ? 'Fragmentation not  configured.'
      : `IETF Std Fragmentation  enabled, MTU in use: ${fragmentation.mtu} bytes.`,
    `Dynamic Route Update: ${sa.profile === undefined ? 'disabled' : 'enabled'}`,
    'Extended Authentication not configured.',
    `NAT-T is ${nat}`,
    'Cisco Trust Security SGT is disabled',
    `Initiator of SA : ${sa.role === 'initiator' ? 'Yes' : 'No'}`,
  ];
}

function description({ status, role }: Sa): string {
  switch (status) {
    case 'ready':
      return 'Negotiation done';
    case 'rekeyed':
      return 'Rekeyed, waiting for deletion';
    case 'deleting':
      return 'Deleting IKE SA';
    default:
      return role === 'initiator' ? 'Initiator waiting for INIT response' : 'Responder waiting for AUTH message';
  }
}

function childLines(child: Child, detail: boolean): string[] {
  const count = Math.max(child.localSelectors.length, child.remoteSelectors.length);
  const pairs = Array.from({ length: count }, (_, i) => [child.localSelectors[i], child.remoteSelectors[i]] as const);
  const words = (selector: Child['localSelectors'][number] | undefined): string =>
    selector === undefined ? '' : selectorText(selector);
  const [only] = pairs;
  const selectors =
    count === 1 && only !== undefined
      ? [`Child sa: local selector  ${words(only[0])}`, `          remote selector ${words(only[1])}`]
      : [
          'Child sa:',
          '          local selector       ->      remote selector',
          ...pairs.map(([own, other]) => `          ${words(own)}    ->    ${words(other)}`),
        ];
  return [
    ...selectors,
    `          ESP spi in/out: 0x${child.inboundSpi.toUpperCase()}/0x${child.outboundSpi.toUpperCase()}  `,
    ...(detail
      ? [
          '          AH spi in/out: 0x0/0x0  ',
          '          CPI in/out: 0x0/0x0  ',
          `          Encr: ${child.encryption}, keysize: ${child.keyBits}, esp_hmac: ${child.integrity === 'N/A' ? 'None' : child.integrity}`,
          `          ah_hmac: None, comp: IPCOMP_NONE, mode ${child.mode}`,
        ]
      : []),
  ];
}
