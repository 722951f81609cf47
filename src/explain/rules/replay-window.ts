/** Packets that others overtook by more than the replay window: RFC 4303 section 3.4.3. */
import { addLateness, adviseWindow, type Lateness, REPLAY_WINDOWS } from '../../esp/index.ts';
import type { ChildSaCounters } from '../../plane/contract.ts';
import { childSasOf } from '../child-counters.ts';
import { type Edit, sourceLine } from '../diagnosis.ts';
import { findLine, insertAfter, replaceLine, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

/** Fewer may be a replay, or one packet that went astray. */
const ENOUGH = 3;

export const replayWindow: TunnelRule = (one: TunnelCase) => {
  for (const end of one.far === undefined ? [one.near] : [one.near, one.far]) {
    const sas = childSasOf(end);
    const late = sas.map(lateIn);
    const drops = late.reduce((sum, { drops: own }) => sum + own, 0);
    const behind = Math.max(0, ...late.map((own) => own.behind));
    const all = sas.reduce<Lateness | undefined>((sum, sa) => addLateness(sum, sa.lateness), undefined);
    if (drops >= ENOUGH) return finding(end, drops, behind, all);
  }
  return undefined;
};

function finding(end: TunnelEnd, drops: number, behind: number, all: Lateness | undefined): Finding {
  const { device, profile } = end;
  const window = profile?.replayWindow ?? device.model.replayWindow;
  const place = findLine(device, /^\s*crypto\s+ipsec\s+security-association\s+replay\s+window-size\s/);
  const needed = REPLAY_WINDOWS.find((size) => size > behind);
  // One packet that no window keeps does not make the largest window the right one.
  const advised = all === undefined ? (needed ?? REPLAY_WINDOWS.at(-1)) : adviseWindow(all).window;
  return {
    code: 'replay-window-too-small',
    claim: `${device.name} dropped ${drops} packets that came up to ${behind} behind the newest, and its window is ${window}${needed === undefined ? '; no window would keep them all' : ''}`,
    evidence: [`${device.name}: ${drops} packets too old, the latest ${behind} behind`],
    lines: place === undefined ? [] : [sourceLine(device, place)],
    edits: (advised ?? 0) > window ? edits(end, place, advised ?? 0) : [],
  };
}

function edits({ device, profile }: TunnelEnd, place: ReturnType<typeof findLine>, size: number): readonly Edit[] {
  const text = `crypto ipsec security-association replay window-size ${size}`;
  const why = 'keeps packets that come as late as these; SAs take it from their next rekey on';
  if (device.model.dialect !== 'asa' && profile !== undefined) {
    const own = `set security-association replay window-size ${size}`;
    return [setAttribute(device, profile.written, 'replayWindow', { text: own, why })];
  }
  if (place !== undefined) return [replaceLine(device, place, { text, why })];
  const before = findLine(device, /^\s*crypto\s+ikev2\s+enable\s/);
  return before === undefined ? [] : [insertAfter(device, before, { text, why })];
}

function lateIn({ inboundDrops, furthestBehind = 0 }: ChildSaCounters): Readonly<{ drops: number; behind: number }> {
  return { drops: inboundDrops?.['too-old'] ?? 0, behind: furthestBehind };
}
