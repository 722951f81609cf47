/** How late packets came by each tunnel, and the replay window that would keep them: RFC 4303 section 3.4.3. */
import { addLateness, adviseWindow, type Lateness, type WindowAdvice } from '../esp/index.ts';
import type { InterfaceSnapshot } from '../gateway/index.ts';
import { type DeviceEvidence, type Fabric, interfaceState, modelInterface } from './evidence.ts';

export type ReplayTunnel = Readonly<{
  device: string;
  interface: string;
  peer?: string;
  /** Packets; 0: no check. */
  window: number;
  inboundPackets: number;
  /** Dropped because they came twice or too late. */
  replayed: number;
  /** All SAs of the tunnel together, those before a rekey included; absent: all came in order. */
  lateness?: Lateness;
  advice?: WindowAdvice;
  /** Lines that set that window, where it is another one. */
  lines?: readonly string[];
  childSas: readonly Readonly<{ inboundSpi: number; window: number; replayed: number; lateness?: Lateness }>[];
}>;

export type ReplayReport = Readonly<{ tunnels: readonly ReplayTunnel[] }>;

/** All tunnels of a device, or one by its name. */
export function explainReplay(fabric: Fabric, device: string, name?: string): ReplayReport {
  const evidence = fabric.get(device);
  if (evidence === undefined) return { tunnels: [] };
  const wanted = name === undefined ? undefined : interfaceState(evidence, name)?.name;
  if (name !== undefined && wanted === undefined) return { tunnels: [] };
  const all = evidence.snapshot?.interfaces ?? [];
  return {
    tunnels: all
      .filter((one) => wanted === undefined || one.name === wanted)
      .flatMap((one) => tunnelReplay(evidence, one) ?? []),
  };
}

function tunnelReplay(device: DeviceEvidence, { name, tunnel }: InterfaceSnapshot): ReplayTunnel | undefined {
  const plane = device.snapshot?.plane;
  const sas = plane?.childSas.filter((sa) => sa.interface === name) ?? [];
  const newest = sas.at(-1);
  if (plane === undefined || tunnel === undefined || newest === undefined) return undefined;
  const account = plane.accounts?.find((one) => one.account === tunnel.session)?.totals;
  const sum = (field: 'inboundPackets' | 'replayed'): number =>
    account?.[field] ?? sas.reduce((total, sa) => total + sa[field], 0);
  const lateness =
    account?.lateness ?? sas.reduce<Lateness | undefined>((total, sa) => addLateness(total, sa.lateness), undefined);
  const window = newest.replayBitmap.length * 32;
  const advice = lateness === undefined ? undefined : adviseWindow(lateness);
  return {
    device: device.name,
    interface: name,
    ...(tunnel.destination === undefined ? {} : { peer: tunnel.destination.toString() }),
    window,
    inboundPackets: sum('inboundPackets'),
    replayed: sum('replayed'),
    ...(lateness === undefined ? {} : { lateness }),
    ...(advice === undefined ? {} : { advice }),
    ...(advice === undefined || window === 0 || advice.window <= window
      ? {}
      : { lines: windowLines(device, tunnel.template ?? name, advice.window) }),
    childSas: sas.map((sa) => ({
      inboundSpi: sa.id,
      window: sa.replayBitmap.length * 32,
      replayed: sa.replayed,
      ...(sa.lateness === undefined ? {} : { lateness: sa.lateness }),
    })),
  };
}

/** A router's profile goes before what is global; an ASA has the global one alone. SAs take it from their next rekey. */
export function windowLines(device: DeviceEvidence, tunnel: string, size: number): readonly string[] {
  const profile = modelInterface(device, tunnel)?.tunnel?.profile;
  if (device.model.dialect === 'asa' || profile === undefined) {
    return [`crypto ipsec security-association replay window-size ${size}`];
  }
  return [`crypto ipsec profile ${profile}`, ` set security-association replay window-size ${size}`];
}

export function replayText({ tunnels }: ReplayReport): string {
  return tunnels.length === 0 ? 'There is no tunnel with a child SA.\n' : tunnels.map(tunnelText).join('\n');
}

function tunnelText(one: ReplayTunnel): string {
  const { device, interface: name, peer = 'its peer', window, inboundPackets, replayed, lateness, advice, lines } = one;
  const checked = window === 0 ? 'no replay check' : `window ${window}`;
  const out = [
    `${device} ${name} from ${peer}: ${checked}, ${inboundPackets} packets taken, ${replayed} dropped by the replay check`,
  ];
  if (lateness === undefined || advice === undefined) return `${out.join('')}\n  every packet came in order\n`;
  out.push('  behind the newest      kept   dropped');
  for (const [i, kept] of lateness.kept.entries()) {
    const dropped = lateness.dropped[i] ?? 0;
    if (kept + dropped === 0) continue;
    const isLast = i === lateness.kept.length - 1;
    const range = i === 0 ? '1' : isLast ? `${2 ** i} or more` : `${2 ** i}-${2 ** (i + 1) - 1}`;
    out.push(`  ${range.padEnd(17)}${String(kept).padStart(10)}${String(dropped).padStart(10)}`);
  }
  out.push(
    `  a window of ${advice.window} keeps ${advice.keeps} late packets, ${advice.tooLateForAny} came too late for any`,
  );
  if (lines !== undefined)
    out.push('  set, for SAs from their next rekey on:', ...lines.map((line) => `      ${line}`));
  return `${out.join('\n')}\n`;
}
