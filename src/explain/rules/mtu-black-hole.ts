/**
 * Long packets vanish on the way and no ICMP message says so: RFC 2923 section 2.1. What left one end and did not reach
 * the other was long, what did reach it was short.
 */
import { type Passage, passages } from '../child-counters.ts';
import type { Edit } from '../diagnosis.ts';
import { findLine, insertAfter, replaceLine } from '../places.ts';
import type { Finding, TunnelRule } from '../tunnel-case.ts';

/** Fewer may be lost by chance, or still be under way. */
const ENOUGH = 3;
/** Lost packets are this much longer than the others on average, and longer than what every path takes. */
const RATIO = 1.2;
const LONG = 500;
/**
 * What is proposed: no counter says how long the longest packet was that passed. 1400 is what tunnels are mostly given,
 * and 1280 every IPv6 link takes (RFC 8200 section 5).
 */
const PROPOSED = [1400, 1280];
const IP_AND_TCP = 40;

export const mtuBlackHole: TunnelRule = (one) => {
  for (const passage of passages(one)) {
    const found = lossOf(passage);
    if (found !== undefined) return finding(passage, found);
  }
  return undefined;
};

type Loss = Readonly<{ packets: number; mean: number; passedMean: number }>;

function lossOf({ sent, came }: Passage): Loss | undefined {
  // A rekey counts anew on both sides at once; what was dropped on arrival did arrive.
  const dropped = Object.values(came.inboundDrops ?? {}).reduce((sum, count) => sum + count, 0);
  const packets = sent.outboundPackets - came.inboundPackets - dropped;
  if (packets < ENOUGH || came.inboundPackets === 0 || dropped > 0) return undefined;
  const mean = (sent.outboundBytes - came.inboundBytes) / packets;
  const passedMean = came.inboundBytes / came.inboundPackets;
  return mean >= LONG && mean > RATIO * passedMean ? { packets, mean, passedMean } : undefined;
}

function finding({ sender, receiver, sent }: Passage, { packets, mean, passedMean }: Loss): Finding {
  const { device, source } = sender;
  const overhead = sent.pathMtu - sent.innerMtu;
  const length = Math.round(mean) + overhead;
  const mtu = PROPOSED.find((size) => size < Math.min(length, sent.pathMtu)) ?? 1280;
  const alias = source?.alias;
  return {
    code: 'mtu-black-hole',
    claim: `packets of about ${length} bytes from ${device.name} do not reach ${receiver.device.name}, shorter ones do, and no ICMP message says why`,
    evidence: [
      `${device.name} sent ${sent.outboundPackets} packets, ${packets} of them did not arrive`,
      `on average ${Math.round(mean)} bytes were in those that were lost, ${Math.round(passedMean)} in the others`,
      `the path MTU is still ${sent.pathMtu}; ICMP errors with an MTU received: ${sent.mtuErrorsReceived ?? 0}`,
    ],
    lines: [],
    edits: [
      ...(alias === undefined ? [] : [outerMtu(sender, alias, mtu)]),
      ...clamp(sender, mtu, sent.pathMtu - sent.innerMtu),
    ],
    missing: `the same toward ${device.name}: \`mtu\` ${mtu} on its outside interface`,
  };
}

function outerMtu({ device, source }: Passage['sender'], alias: string, mtu: number): Edit {
  const text = `mtu ${alias} ${mtu}`;
  const why = 'cuts or refuses longer packets before they are sealed, so that hosts learn of it';
  const known = source?.written.attributes['mtu'];
  if (known !== undefined) return replaceLine(device, known, { text, why });
  const before = findLine(device, /^\s*crypto\s+ikev2\s+enable\s/);
  const place = before ?? { file: device.configuration.file, line: 0, column: 1 };
  return insertAfter(device, place, { text, why });
}

/** For TCP alone, yet in both directions by one line. */
function clamp({ device }: Passage['sender'], mtu: number, overhead: number): readonly Edit[] {
  const mss = Math.floor((mtu - overhead - IP_AND_TCP) / 10) * 10;
  if (device.model.clampMss !== 0 && device.model.clampMss <= mss) return [];
  const text = `sysopt connection tcpmss ${mss}`;
  const why = 'keeps TCP of both directions below it; other traffic is not helped';
  const known = findLine(device, /^\s*sysopt\s+connection\s+tcpmss\s+\d/);
  if (known !== undefined) return [replaceLine(device, known, { text, why })];
  const before = findLine(device, /^\s*crypto\s+ikev2\s+enable\s/);
  return before === undefined ? [] : [insertAfter(device, before, { text, why })];
}
