/** `tunnel protection`, its IPsec profile and the proposals that it names: missing, or not defined. */
import { insertAfter, lineOf, sectionEnd, setAttribute } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';
import { isGre } from './gre.ts';

/** At the near end. */
export const protection: TunnelRule = ({ near }) => lackOf(near);

/** At the far end: its IKE does not know the peer then. */
export const farProtection: TunnelRule = ({ far }) => (far === undefined ? undefined : lackOf(far));

function lackOf(end: TunnelEnd): Finding | undefined {
  const { device, tunnel, profile, proposals } = end;
  if (tunnel === undefined) return undefined;
  const { model } = device;
  const wanted = tunnel.tunnel?.profile;
  const usable = model.ipsecProfiles.find(({ proposals: names }) => names.some((name) => end.index.proposal(name)));
  const text = `tunnel protection ipsec profile ${usable?.name ?? ''}`;
  // GRE goes without as well.
  if (wanted === undefined && isGre(end)) return undefined;
  if (wanted === undefined) {
    const edit = insertAfter(device, sectionEnd(device, tunnel.written.start), {
      text: ` ${text}`,
      why: 'the profile is there',
    });
    return {
      code: 'tunnel-protection-missing',
      claim: `${tunnel.name} of ${device.name} has no tunnel protection, so nothing says how to seal its packets`,
      lines: [lineOf(device, tunnel.written)],
      edits: usable === undefined ? [] : [edit],
    };
  }
  if (profile === undefined) {
    const edit = setAttribute(device, tunnel.written, 'profile', { text, why: 'that profile is there' });
    return {
      code: 'profile-undefined',
      claim: `${tunnel.name} of ${device.name} names the IPsec profile ${wanted}, which is not defined`,
      lines: [lineOf(device, tunnel.written, 'profile')],
      edits: usable === undefined ? [] : [edit],
    };
  }
  if (proposals.length > 0) return undefined;
  const proposal = model.espProposals[0];
  const edit = setAttribute(device, profile.written, 'proposals', {
    text: `set ikev2 ipsec-proposal ${proposal?.name ?? ''}`,
    why: 'that proposal is there',
  });
  const names = profile.proposals.join(' ');
  return {
    code: 'ipsec-proposal-undefined',
    claim:
      names === ''
        ? `the IPsec profile ${profile.name} of ${device.name} names no ikev2 ipsec-proposal`
        : `the IPsec profile ${profile.name} of ${device.name} names ${names}, which is not defined`,
    lines: [lineOf(device, profile.written, 'proposals')],
    edits: proposal === undefined ? [] : [edit],
  };
}
