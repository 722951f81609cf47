/** The ends do not sign their segments with one password: RFC 2385. */
import { type BgpEnd, type BgpRule, bothWays } from '../bgp-case.ts';
import { neighborLine, setNeighbor } from '../bgp-lines.ts';
import type { Edit } from '../diagnosis.ts';
import { deleteLine, placeOf } from '../places.ts';
import type { Finding } from '../tunnel-case.ts';

export const tcpMd5: BgpRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(near);
  const [mine, theirs] = [near.neighbor?.password, far.neighbor?.password];
  if (near.neighbor === undefined || far.neighbor === undefined) return undefined;
  const evidence = bothWays(one).flatMap(({ here }) => signaturesSeen(here));
  if (mine === undefined || theirs === undefined) {
    if (mine === theirs) return undefined;
    const [signer, other] = mine === undefined ? [far, near] : [near, far];
    return oneSided(signer, other, evidence);
  }
  if (mine.equals(theirs)) return undefined;
  return {
    code: 'password-mismatch',
    claim: `${near.device.name} and ${far.device.name} have different passwords for the session`,
    evidence,
    lines: [neighborLine(near.device, near.neighbor, 'password'), neighborLine(far.device, far.neighbor, 'password')],
    edits: [...take(near, far), ...take(far, near)],
  };
};

function oneSided(signer: BgpEnd, other: BgpEnd, evidence: readonly string[]): Finding | undefined {
  if (signer.neighbor === undefined || other.neighbor === undefined) return undefined;
  return {
    code: 'password-missing',
    claim: `${signer.device.name} has a password for the session, and ${other.device.name} has none`,
    evidence,
    lines: [neighborLine(signer.device, signer.neighbor, 'password'), neighborLine(other.device, other.neighbor)],
    edits: [
      ...take(other, signer),
      deleteLine(signer.device, placeOf(signer.neighbor.written, 'password'), 'the session is signed no more'),
    ],
  };
}

/** The notices name the neighbour; what is wrong with its segments says which end lacks what. */
function alone(near: BgpEnd): Finding | undefined {
  const { neighbor, device } = near;
  const evidence = signaturesSeen(near);
  if (neighbor === undefined || evidence.length === 0) return undefined;
  const own = near.address ?? 'us';
  if (neighbor.password === undefined) {
    return {
      code: 'password-missing',
      claim: `${neighbor.address} signs its segments, and ${device.name} has no password for it`,
      evidence,
      lines: [neighborLine(device, neighbor)],
      missing: `no password for ${own}, or the one that is then to be set here`,
    };
  }
  const isUnsigned = evidence.some((text) => text.includes('md5-missing'));
  return {
    code: isUnsigned ? 'password-missing' : 'password-mismatch',
    claim: isUnsigned
      ? `${neighbor.address} does not sign its segments, and ${device.name} has a password for it`
      : `${neighbor.address} signs its segments with another password than ${device.name} has`,
    evidence,
    lines: [neighborLine(device, neighbor, 'password')],
    edits: isUnsigned
      ? [deleteLine(device, placeOf(neighbor.written, 'password'), 'the session is signed no more')]
      : [],
    missing: `the same password for ${own} as here${isUnsigned ? ', and no firewall on the way that clears TCP option 19, as an ASA does unless it is told otherwise' : ''}`,
  };
}

function take(here: BgpEnd, from: BgpEnd): readonly Edit[] {
  const key = from.neighbor?.password;
  if (here.neighbor === undefined || key === undefined) return [];
  const why = `the password that ${from.device.name} has`;
  return [setNeighbor(here.device, here.neighbor, 'password', { text: 'password *****', secrets: [key], why })];
}

/** What TCP found wrong with the neighbour's signatures. */
function signaturesSeen({ device, neighbor }: BgpEnd): readonly string[] {
  const counts = new Map<string, number>();
  for (const { code, subject } of device.snapshot?.log ?? []) {
    if (!code.startsWith('md5-') || subject !== neighbor?.address.toString()) continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => `${device.name}: ${code} in ${count} segments from ${neighbor?.address}`);
}
