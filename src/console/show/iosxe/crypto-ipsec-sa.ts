/** `show crypto ipsec sa` in IOS-XE's layout (show-output B5): by interface, flows with the SAs of each. */
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { type CryptoIpsecSa, cryptoIpsecSa, cryptoMapTag, sourceOf } from '../crypto-ipsec-sa.ts';
import { identText } from '../selectors.ts';
import { lines, type Shown } from '../shown.ts';

type Sa = CryptoIpsecSa['sas'][number];
type Idle = NonNullable<CryptoIpsecSa['idle']>[number];
type Flow = Readonly<{ newest: Sa; all: readonly Sa[] }>;

/** What is asked for; absent: all of them. */
export type IpsecSaFilter = Readonly<{ interface?: string; peer?: string; vrf?: string }>;

export function showIosIpsecSa(
  snapshot: GatewaySnapshot,
  filter: IpsecSaFilter,
  detail: boolean,
): Shown<CryptoIpsecSa> {
  const value = iosIpsecSa(snapshot, filter);
  const names = [...new Set([...value.sas, ...(value.idle ?? [])].map((one) => one.interface))];
  const blocks = names.map((name) => {
    const flows = flowsOf(value.sas.filter((sa) => sa.interface === name));
    const idle = (value.idle ?? []).filter((one) => one.interface === name);
    const [first] = flows.map(({ newest }) => ({ tag: newest.cryptoMapTag, local: newest.local.address }));
    const { tag, local } = first ?? { tag: idle[0]?.cryptoMapTag ?? '', local: idle[0]?.local ?? '' };
    return lines([
      '',
      `interface: ${name}`,
      `    Crypto map tag: ${tag}, local addr ${local}`,
      ...flows.flatMap((flow) => flowLines(flow, detail)),
      ...idle.flatMap(idleLines),
    ]);
  });
  return { value, text: blocks.length === 0 ? '\nNo SAs found\n' : blocks.join('') };
}

/** `show crypto ipsec sa count`. */
export function showIosIpsecSaCount(snapshot: GatewaySnapshot): Shown<CryptoIpsecSa> {
  const value = iosIpsecSa(snapshot, {});
  // Each direction counts for itself.
  const total = 2 * value.sas.length;
  const rekeying = 2 * value.sas.filter(({ state }) => state === 'rekeying').length;
  const text = `IPsec SA total: ${total}, active: ${total - rekeying}, rekeying: ${rekeying}, unused: 0, invalid: 0\n`;
  return { value, text };
}

export function iosIpsecSa(snapshot: GatewaySnapshot, filter: IpsecSaFilter): CryptoIpsecSa {
  const fits = (one: Readonly<{ interface: string; peer: string; vrf: string }>): boolean =>
    (filter.interface === undefined || one.interface === filter.interface) &&
    (filter.peer === undefined || one.peer === filter.peer) &&
    (filter.vrf === undefined || one.vrf === filter.vrf);
  const { sas } = cryptoIpsecSa(snapshot, undefined);
  const busy = new Set(sas.map((sa) => sa.interface));
  return {
    sas: sas.filter(fits),
    idle: idleTunnels(snapshot)
      .filter((one) => !busy.has(one.interface))
      .filter(fits),
  };
}

function idleTunnels({ interfaces, model, plane }: GatewaySnapshot): Idle[] {
  return interfaces.flatMap((one): Idle[] => {
    const { source, destination } = one.tunnel ?? {};
    if (one.tunnel?.profile === undefined || source === undefined || destination === undefined) return [];
    const from = sourceOf(model, one);
    return [
      {
        interface: one.name,
        cryptoMapTag: cryptoMapTag(model, one.name),
        vrf: one.vrf,
        local: source.toString(),
        peer: destination.toString(),
        mediaMtuBytes: from?.mtu ?? 1500,
        ...(from === undefined ? {} : { sourceInterface: from.name }),
        withoutSa: plane.interfaces.find(({ name }) => name === one.name)?.drops['no-sa'] ?? 0,
      },
    ];
  });
}

/** SAs for the same packets belong to one flow: a new one stands beside the one that it replaces for a while. */
function flowsOf(sas: readonly Sa[]): readonly Flow[] {
  const flows = new Map<string, Sa[]>();
  for (const sa of sas) {
    const key = [sa.peer, identText(sa.localSelectors[0]), identText(sa.remoteSelectors[0])].join(' ');
    flows.set(key, [...(flows.get(key) ?? []), sa]);
  }
  return [...flows.values()].flatMap((all): Flow[] => {
    const newest = all.find(({ state }) => state === 'active') ?? all[0];
    return newest === undefined ? [] : [{ newest, all }];
  });
}

function flowLines({ newest, all }: Flow, detail: boolean): string[] {
  const sum = (of: (counters: Sa['counters']) => number): number =>
    all.reduce((total, sa) => total + of(sa.counters), 0);
  const sent = sum(({ packetsSent }) => packetsSent);
  const received = sum(({ packetsReceived }) => packetsReceived);
  const source = newest.sourceInterface ?? '(none)';
  const group = newest.pfsGroup === 0 ? 'N, DH group: none' : `Y, DH group: group${newest.pfsGroup}`;
  return [
    ...head(newest.vrf, identText(newest.localSelectors[0]), identText(newest.remoteSelectors[0])),
    `   current_peer ${newest.peer} port ${newest.remote.port}`,
    '     PERMIT, flags={origin_is_acl,}',
    ...packets(sent, received),
    ...(detail ? detailLines(sum) : [`    #send errors ${sum(sendErrors)}, #recv errors ${sum(receiveErrors)}`]),
    '',
    `     local crypto endpt.: ${newest.local.address}, remote crypto endpt.: ${newest.remote.address}`,
    `     plaintext mtu ${newest.innerMtuBytes}, path mtu ${newest.pathMtuBytes}, ip mtu ${newest.mediaMtuBytes}, ip mtu idb ${source}`,
    `     current outbound spi: ${spiText(newest.outbound.spi)}`,
    `     PFS (Y/N): ${group}`,
    '',
    ...directionLines('inbound', all),
    ...directionLines('outbound', all),
  ];
}

function head(vrf: string, local: string, remote: string): string[] {
  return [
    '',
    `   protected vrf: ${vrf === '' ? '(none)' : vrf}`,
    `   local  ident (addr/mask/prot/port): (${local})`,
    `   remote ident (addr/mask/prot/port): (${remote})`,
  ];
}

function packets(sent: number, received: number): string[] {
  return [
    `    #pkts encaps: ${sent}, #pkts encrypt: ${sent}, #pkts digest: ${sent}`,
    `    #pkts decaps: ${received}, #pkts decrypt: ${received}, #pkts verify: ${received}`,
    '    #pkts compressed: 0, #pkts decompressed: 0',
    '    #pkts not compressed: 0, #pkts compr. failed: 0',
    '    #pkts not decompressed: 0, #pkts decompress failed: 0',
  ];
}

function idleLines(idle: Idle): string[] {
  const any = idle.peer.includes(':') ? '::/0/0/0' : '0.0.0.0/0.0.0.0/0/0';
  const mtu = idle.mediaMtuBytes;
  return [
    ...head(idle.vrf, any, any),
    `   current_peer ${idle.peer} port 500`,
    '     PERMIT, flags={origin_is_acl,}',
    ...packets(0, 0),
    `    #send errors ${idle.withoutSa}, #recv errors 0`,
    '',
    `     local crypto endpt.: ${idle.local}, remote crypto endpt.: ${idle.peer}`,
    `     plaintext mtu ${mtu}, path mtu ${mtu}, ip mtu ${mtu}, ip mtu idb ${idle.sourceInterface ?? '(none)'}`,
    '     current outbound spi: 0x0(0)',
    '     PFS (Y/N): N, DH group: none',
    '',
    ...directionLines('inbound', []),
    ...directionLines('outbound', []),
  ];
}

function total(drops: Readonly<Record<string, number>>): number {
  return Object.values(drops).reduce((sum, one) => sum + one, 0);
}

export function sendErrors({ outboundDrops, withoutSa }: Sa['counters']): number {
  return total(outboundDrops) + withoutSa;
}

export function receiveErrors({ inboundDrops }: Sa['counters']): number {
  return total(inboundDrops);
}

function detailLines(sum: (of: (counters: Sa['counters']) => number) => number): string[] {
  const received = (reason: string): number => sum(({ inboundDrops }) => inboundDrops[reason] ?? 0);
  const sent = (reason: string): number => sum(({ outboundDrops }) => outboundDrops[reason] ?? 0);
  const named = ['hard-limit', 'unsupported-next-header', 'selector-mismatch', 'bad-length'];
  const replayed = sum((counters) => counters.replayed);
  const failed = sum((counters) => counters.integrityFailed);
  const otherReceived = sum(receiveErrors) - replayed - failed - named.reduce((all, one) => all + received(one), 0);
  const withoutSa = sum((counters) => counters.withoutSa);
  const otherSent = sum(sendErrors) - withoutSa - sent('hard-limit') - sent('sequence-exhausted');
  return [
    `    #pkts no sa (send) ${withoutSa}, #pkts invalid sa (rcv) 0`,
    `    #pkts encaps failed (send) ${sent('hard-limit')}, #pkts decaps failed (rcv) ${received('hard-limit')}`,
    `    #pkts invalid prot (recv) ${received('unsupported-next-header')}, #pkts verify failed: ${failed}`,
    `    #pkts invalid identity (recv) ${received('selector-mismatch')}, #pkts invalid len (rcv) ${received('bad-length')}`,
    `    #pkts replay rollover (send): ${sent('sequence-exhausted')}, #pkts replay rollover (rcv) 0`,
    `    ##pkts replay failed (rcv): ${replayed}`,
    '    #pkts tagged (send): 0, #pkts untagged (rcv): 0',
    '    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0',
    `    #pkts internal err (send): ${otherSent}, #pkts internal err (recv) ${otherReceived}`,
  ];
}

function directionLines(direction: 'inbound' | 'outbound', sas: readonly Sa[]): string[] {
  return [
    `     ${direction} esp sas:`,
    ...sas.flatMap((sa) => saLines(sa, sa[direction])),
    '',
    `     ${direction} ah sas:`,
    '',
    `     ${direction} pcp sas:`,
    '',
  ];
}

function saLines(sa: Sa, { spi, remainingKilobytes }: Sa['inbound']): string[] {
  const mode = `${sa.mode === 'tunnel' ? 'Tunnel' : 'Transport'}${sa.isUdpEncapsulated ? ' UDP-Encaps' : ''}`;
  const settings = [mode, ...(sa.esn ? ['esn'] : [])];
  const seconds = sa.remainingSeconds;
  const window = sa.replayWindowPackets;
  return [
    `      spi: ${spiText(spi)}`,
    `        transform: ${transformText(sa.transform)} ,`,
    `        in use settings ={${settings.join(', ')}, }`,
    `        conn id: ${sa.connectionId}, flow_id: ESG:${sa.connectionId}, sibling_flags FFFFFFFF80000048, crypto map: ${sa.cryptoMapTag}, initiator : ${sa.isInitiator ? 'True' : 'False'}`,
    ...(remainingKilobytes === undefined
      ? [
          `        sa timing: remaining key lifetime (sec): ${seconds}`,
          '        Kilobyte Volume Rekey has been disabled',
        ]
      : [`        sa timing: remaining key lifetime (k/sec): (${remainingKilobytes}/${seconds})`]),
    `        IV size: ${sa.ivBytes} bytes`,
    window === 0
      ? '        replay detection support: N'
      : `        replay detection support: Y  replay window size: ${window}`,
    `        Status: ACTIVE(${sa.state === 'active' ? 'ACTIVE' : 'REKEYING'})`,
  ];
}

/** `0x76DC8A9A(1994164890)`. */
export function spiText(hex: string): string {
  const spi = Number.parseInt(hex, 16);
  return `0x${spi.toString(16).toUpperCase()}(${spi})`;
}

/** The value has an ASA's words; a router writes `esp-gcm 256` and `esp-256-aes esp-sha256-hmac`. */
export function transformText(transform: string): string {
  const [cipher = '', hash = ''] = transform.split(' ');
  const [, kind, size] = /^esp-(aes-gcm|aes)(?:-(\d+))?$/.exec(cipher) ?? [];
  if (kind === 'aes-gcm') return size === undefined ? 'esp-gcm' : `esp-gcm ${size}`;
  const name = kind === 'aes' ? (size === undefined ? 'esp-aes' : `esp-${size}-aes`) : cipher;
  return hash === 'esp-null-hmac' ? name : `${name} ${hash.replace(/sha-(\d)/, 'sha$1')}`;
}
