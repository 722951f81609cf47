/** The sizes of tunnels as text. */
import type { MtuLayer, MtuPath, MtuReport, Overlay } from './mtu.ts';

const LAYERS: Readonly<Record<MtuLayer['layer'], string>> = {
  gre: 'GRE',
  'outer-ip': 'outer IP',
  udp: 'UDP',
  'esp-header': 'ESP header',
  iv: 'IV',
  payload: 'payload',
  padding: 'padding',
  trailer: 'pad length and next header',
  icv: 'ICV',
};

const INSIDE: Readonly<Record<Overlay, string>> = {
  ip: 'IP',
  gre: 'GRE',
  'gre-key': 'GRE with key',
  vxlan: 'VXLAN',
};

export function mtuText({ paths, unknown }: MtuReport): string {
  const parts = [...paths.map(pathText), ...unknown.map((one) => `${one}\n`)];
  return parts.length === 0 ? 'There is no tunnel.\n' : parts.join('\n');
}

function pathText(path: MtuPath): string {
  const { device, peer = 'whoever comes', rule, suite, mode, outerFamily, udpEncapsulation, from } = path;
  const nat = from === 'configuration' ? (udpEncapsulation ? ', if a NAT is between' : ', if no NAT is between') : '';
  const heading = `${device} ${path.interface} -> ${peer}: ${suite}, ${mode} mode, IPv${outerFamily} outside${nat || (udpEncapsulation ? ', behind a NAT' : ', no NAT')}`;
  const sum = path.layers.reduce((total, { bytes }) => total + bytes, 0);
  const ruled = rule === 'exact' ? 'exact, in whole blocks' : 'worst-case padding';
  return [
    heading,
    `  ${path.layers.map(({ layer, bytes }) => `${LAYERS[layer]} ${bytes}`).join(' + ')} = ${sum}`,
    `  path MTU ${path.pathMtu}, outer interface MTU ${path.outerMtu}; the tunnel takes ${path.tunnelMtu} (${ruled})`,
    rule === 'exact'
      ? `  plaintext mtu ${path.plaintextMtu}, ${path.overhead} bytes of overhead; Tunnel transport MTU ${path.tunnelMtu} bytes`
      : `  path mtu ${path.pathMtu}, ipsec overhead ${path.asaOverhead.worst}(${path.asaOverhead.fixed}), media mtu ${path.outerMtu}`,
    `  both directions carry ${path.agreedMtu}, MSS ${path.agreedMss}; configured: ${configuredText(path)}`,
    '  inside        bytes   MTU   MSS',
    ...path.inside.map(
      ({ overlay, bytes, mtu, mss }) =>
        `  ${INSIDE[overlay].padEnd(12)} ${number(bytes, 6)}${number(mtu, 6)}${number(mss, 6)}`,
    ),
    ...path.commands.flatMap(({ lines, why }) => [`  set, ${why}:`, ...lines.map((line) => `      ${line}`)]),
    ...path.breaks.map((one) => `  without: ${one}`),
    ...path.notes.map((one) => `  note: ${one}`),
    '',
  ].join('\n');
}

function configuredText({ configured: { mtu, clampMss } }: MtuPath): string {
  return `${mtu === undefined ? 'no MTU' : `MTU ${mtu}`}, ${clampMss === 0 ? 'no MSS clamp' : `MSS clamp ${clampMss}`}`;
}

function number(value: number, width: number): string {
  return String(value).padStart(width);
}
