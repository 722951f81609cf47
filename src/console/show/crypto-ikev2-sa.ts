/** `show crypto ikev2 sa [detail]` in ASA's layout (show-output A1, A2). */
import type { Endpoint } from '../../base/index.ts';
import { Encr } from '../../crypto/index.ts';
import type { GatewaySnapshot } from '../../gateway/index.ts';
import type { ChildSaSnapshot, IkeSaSnapshot, TrafficSelector } from '../../ike/index.ts';
import { cipherName, hashName, identityName, prfName, spiHex } from './names.ts';

/** Widths as on the platform: tunnel id right-aligned, local, remote, status; the role ends with its heading. */
const LOCAL = 52;
const REMOTE = 56;
const HEADER = `Tunnel-id ${'Local'.padEnd(LOCAL)}${'Remote'.padEnd(REMOTE)}${'Status'.padEnd(15)}Role`;

export function showCryptoIkev2Sa(snapshot: GatewaySnapshot, detail: boolean): string {
  const sas = snapshot.ike.sas.filter(({ status }) => status !== 'negotiating');
  const negotiating = snapshot.ike.sas.filter(({ status }) => status === 'negotiating');
  if (sas.length + negotiating.length === 0) return 'There are no IKEv2 SAs\n';
  const blocks = [...sas, ...negotiating].map((sa) => block(snapshot, sa, detail));
  return `\nIKEv2 SAs:\n\n${blocks.join('\n')}`;
}

function block(snapshot: GatewaySnapshot, sa: IkeSaSnapshot, detail: boolean): string {
  const up = sa.status === 'established' ? 'UP-ACTIVE' : sa.status === 'negotiating' ? 'UP-IDLE' : 'DOWN';
  const lines = [
    `Session-id:${sa.session}, Status:${up}, IKE count:1, CHILD count:${sa.children.length}`,
    '',
    HEADER,
    [
      `${String(sa.session).padStart(9)} `,
      endpoint(sa.path.local).padEnd(LOCAL),
      endpoint(sa.path.remote).padEnd(REMOTE),
      statusWord(sa).padEnd(9),
      sa.role.toUpperCase(),
    ].join(''),
  ];
  if (sa.encr !== undefined) lines.push(`      ${algorithms(sa)}`);
  const active = Math.floor((snapshot.now - sa.since) / 1000);
  lines.push(`      Life/Active Time: ${Math.floor(sa.lifetimeMs / 1000)}/${active} sec`);
  if (detail) lines.push(...detailLines(snapshot, sa).map((line) => `      ${line}`));
  for (const child of sa.children) lines.push(...childLines(child, detail));
  return `${lines.join('\n')}\n`;
}

function algorithms(sa: IkeSaSnapshot): string {
  const encr = sa.encr ?? 0;
  const size = encr === Encr.CHACHA20_POLY1305 ? '' : `, keysize: ${sa.keyBits}`;
  const hash = hashName(sa.integ ?? 0);
  return `Encr: ${cipherName(encr)}${size}, Hash: ${hash}, DH Grp:${sa.group}, Auth sign: PSK, Auth verify: PSK`;
}

function detailLines({ model }: GatewaySnapshot, sa: IkeSaSnapshot): string[] {
  const group = model.tunnelGroups.find(
    ({ name }) => sa.peer === `tunnel-group ${name}` || name === sa.path.remote.address.toString(),
  );
  const keepalive = group?.keepalive;
  const nat =
    sa.natLocal || sa.natRemote ? `NAT-T is detected ${sa.natLocal ? 'inside' : 'outside'}` : 'NAT-T is not detected';
  const pair = (left: string, right: string): string => `${left.padEnd(32)}${right}`;
  return [
    `Session-id: ${sa.session}`,
    `Status Description: ${sa.status === 'established' ? 'Negotiation done' : 'Initiator waiting for response'}`,
    pair(`Local spi: ${sa.localSpi.toUpperCase()}`, `Remote spi: ${sa.remoteSpi.toUpperCase()}`),
    `Local id: ${identityName(sa.localIdentity)}`,
    `Remote id: ${identityName(sa.remoteIdentity)}`,
    pair(`Local req mess id: ${sa.localMessageId}`, `Remote req mess id: ${sa.remoteMessageId}`),
    pair(`Local next mess id: ${sa.localMessageId}`, `Remote next mess id: ${sa.remoteMessageId}`),
    pair('Local req queued: 0', 'Remote req queued: 0'),
    pair('Local window: 1', 'Remote window: 1'),
    keepalive === undefined
      ? 'DPD not configured'
      : `DPD configured for ${keepalive.thresholdMs / 1000} seconds, retry ${keepalive.retryMs / 1000}`,
    nat,
    ...(sa.prf === undefined ? [] : [`PRF: ${prfName(sa.prf)}`]),
    'Parent SA Extended Status:',
    `    Delete in progress: ${sa.status === 'deleting' ? 'TRUE' : 'FALSE'}`,
    '    Marked for delete: FALSE',
  ];
}

function childLines(child: ChildSaSnapshot, detail: boolean): string[] {
  const lines: string[] = [];
  const count = Math.max(child.localSelectors.length, child.remoteSelectors.length);
  for (let i = 0; i < count; i++) {
    const local = child.localSelectors[i];
    const remote = child.remoteSelectors[i];
    if (local !== undefined) lines.push(`Child sa: local selector  ${selector(local)}`);
    if (remote !== undefined) lines.push(`          remote selector ${selector(remote)}`);
  }
  lines.push(`          ESP spi in/out: 0x${spiHex(child.inboundSpi)}/0x${spiHex(child.outboundSpi)}  `);
  if (detail) {
    const hmac = child.integ === 0 ? 'N/A' : hashName(child.integ);
    lines.push(
      '          AH spi in/out: 0x0/0x0  ',
      '          CPI in/out: 0x0/0x0  ',
      `          Encr: ${cipherName(child.encr)}, keysize: ${child.keyBits}, esp_hmac: ${hmac}`,
      `          ah_hmac: None, comp: IPCOMP_NONE, mode ${child.mode}`,
    );
  }
  return lines;
}

function selector({ start, end, startPort, endPort }: TrafficSelector): string {
  return `${start}/${startPort} - ${end}/${endPort}`;
}

function endpoint({ address, port }: Endpoint): string {
  return `${address}/${port}`;
}

function statusWord({ status }: IkeSaSnapshot): string {
  if (status === 'established' || status === 'rekeyed') return 'READY';
  return status === 'deleting' ? 'DELETE' : 'IN-NEG';
}
