/** A child SA whose volume ends before its rekey is done: packets are dropped whatever the clock says. */
import { lineOf, setAttribute } from '../places.ts';
import type { TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const volume: TunnelRule = ({ near, far }) => at(near) ?? (far === undefined ? undefined : at(far));

function at({ device, tunnel, profile, state }: TunnelEnd) {
  const { snapshot } = device;
  const bytes = profile?.lifetimeBytes ?? device.model.childLifetimeBytes;
  const counters = snapshot?.plane.interfaces.find(({ name }) => name === state?.name);
  const dropped = counters?.drops['hard-limit'] ?? 0;
  if (snapshot === undefined || profile === undefined || dropped === 0 || bytes === 'unlimited') return undefined;
  const rekeys = snapshot.ike.statistics?.childSasMade ?? 0;
  const change = {
    text: 'set security-association lifetime kilobytes unlimited',
    why: 'leaves the end of an SA to its time',
  };
  return {
    code: 'volume-expiry',
    claim: `child SAs of ${tunnel?.name} of ${device.name} end after ${bytes / 1000} kB, faster than they can be replaced`,
    evidence: [
      `${device.name}: ${dropped} packets dropped at the hard limit of their SA`,
      `${device.name}: ${rekeys} child SAs made so far`,
    ],
    lines: profile.lifetimeBytes === undefined ? [] : [lineOf(device, profile.written, 'lifetimeBytes')],
    edits: [setAttribute(device, profile.written, 'lifetimeBytes', change)],
  };
}
