/** GRE, whose line is up whatever the other end does: ends that do not mean the same tunnel. */
import type { InterfaceModel } from '../../config/index.ts';
import { greFamily } from '../../gateway/index.ts';
import type { Edit } from '../diagnosis.ts';
import type { DeviceEvidence } from '../evidence.ts';
import { deleteLine, insertAfter, lineOf, placeOf, replaceLine, sectionEnd, setAttribute } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

type Kind = Readonly<{ kind: 'gre' | 'ipsec'; line: string }>;

/** What a tunnel puts around its packets; undefined: nothing is configured, or it is no static tunnel. */
function kindOf({ device, tunnel }: TunnelEnd): Kind | undefined {
  if (tunnel?.kind !== 'tunnel') return undefined;
  const gre = greFamily(tunnel, device.model.dialect);
  if (gre !== undefined) {
    const isWritten = tunnel.written.attributes['mode'] !== undefined;
    const line = `tunnel mode gre ${gre === 4 ? 'ip' : 'ipv6'}`;
    return { kind: 'gre', line: isWritten ? line : `${line}, as it says nothing else` };
  }
  const mode = tunnel.tunnel?.mode;
  return mode === undefined ? undefined : { kind: 'ipsec', line: `tunnel mode ipsec ipv${mode}` };
}

/** Whether both ends do GRE; the rules of IPsec alone do not hold then. */
export function isGre(end: TunnelEnd | undefined): boolean {
  return end !== undefined && kindOf(end)?.kind === 'gre';
}

export const encapsulation: TunnelRule = ({ near, far }) => {
  if (far?.tunnel === undefined || near.tunnel === undefined) return undefined;
  const [ours, theirs] = [kindOf(near), kindOf(far)];
  if (ours === undefined || theirs === undefined || ours.kind === theirs.kind) return undefined;
  const [gre, ipsec] = ours.kind === 'gre' ? [near, far] : [far, near];
  const { tunnel } = gre;
  if (tunnel === undefined) return undefined;
  const text = ipsec === near ? ours.line : theirs.line;
  const why = 'the other end has no GRE';
  const at = tunnel.written.attributes['mode'];
  const edit =
    at === undefined
      ? insertAfter(gre.device, sectionEnd(gre.device, tunnel.written.start), { text: ` ${text}`, why })
      : replaceLine(gre.device, at, { text, why });
  return {
    code: 'tunnel-mode-mismatch',
    claim: `${near.tunnel.name} of ${near.device.name} is ${wordOf(ours)}, ${far.tunnel.name} of ${far.device.name} ${wordOf(theirs)}`,
    lines: [lineOf(near.device, near.tunnel.written, 'mode'), lineOf(far.device, far.tunnel.written, 'mode')],
    edits: [edit],
  };
};

function wordOf({ kind, line }: Kind): string {
  return `${kind === 'gre' ? 'GRE' : 'IPsec without GRE'} (${line})`;
}

/** RFC 2890 section 2.1: a packet with another key is of another tunnel, and nobody is told. */
export const greKey: TunnelRule = ({ near, far }) => {
  if (!isGre(near) || !isGre(far) || near.tunnel === undefined || far?.tunnel === undefined) return undefined;
  const [ours, theirs] = [near.tunnel.tunnel?.gre?.key, far.tunnel.tunnel?.gre?.key];
  if (ours === theirs) return undefined;
  return {
    code: 'gre-key-mismatch',
    claim: `the key of ${near.tunnel.name} of ${near.device.name} is ${keyText(ours)}, that of ${far.tunnel.name} of ${far.device.name} ${keyText(theirs)}: each drops what the other sends and says nothing`,
    evidence: [near, far].flatMap(({ device, tunnel }) => {
      const counters = device.snapshot?.plane.drops['unknown-gre-tunnel'] ?? 0;
      return counters === 0 || tunnel === undefined
        ? []
        : [`${device.name}: ${counters} GRE packets were of no tunnel (unknown-gre-tunnel)`];
    }),
    lines: [lineOf(near.device, near.tunnel.written, 'greKey'), lineOf(far.device, far.tunnel.written, 'greKey')],
    edits: [keyEdit(near.device, near.tunnel, ours, theirs)],
  };
};

function keyEdit(
  device: DeviceEvidence,
  { written }: InterfaceModel,
  ours: number | undefined,
  theirs: number | undefined,
): Edit {
  if (theirs === undefined) return deleteLine(device, placeOf(written, 'greKey'), 'the other end has none');
  const change = { text: `tunnel key ${theirs}`, why: 'it is that of the other end' };
  if (ours !== undefined) return setAttribute(device, written, 'greKey', change);
  return insertAfter(device, sectionEnd(device, written.start), { ...change, text: ` ${change.text}` });
}

function keyText(key: number | undefined): string {
  return key === undefined ? 'none' : String(key);
}

/** One end seals what the other sends in clear: neither takes the other's packets. */
export const greProtection: TunnelRule = ({ near, far }) => {
  if (!isGre(near) || !isGre(far) || near.tunnel === undefined || far?.tunnel === undefined) return undefined;
  const [ours, theirs] = [near.tunnel.tunnel?.profile, far.tunnel.tunnel?.profile];
  if ((ours === undefined) === (theirs === undefined)) return undefined;
  const [bare, sealed] = ours === undefined ? [near, far] : [far, near];
  return { ...oneSided(bare, sealed), lines: [lineOf(near.device, near.tunnel.written, 'profile')] };
};

function oneSided(bare: TunnelEnd, sealed: TunnelEnd): Finding {
  const { device, tunnel } = bare;
  const usable = device.model.ipsecProfiles[0];
  const text = ` tunnel protection ipsec profile ${usable?.name ?? ''}`;
  const dropped = sealed.device.snapshot?.plane.drops['unprotected'] ?? 0;
  return {
    code: 'gre-protection-one-sided',
    claim: `${tunnel?.name} of ${device.name} has no tunnel protection, ${sealed.tunnel?.name} of ${sealed.device.name} has: what comes in clear is dropped there`,
    evidence: dropped === 0 ? [] : [`${sealed.device.name}: ${dropped} packets came in clear (unprotected)`],
    edits:
      usable === undefined || tunnel === undefined
        ? []
        : [insertAfter(device, sectionEnd(device, tunnel.written.start), { text, why: 'that profile is there' })],
  };
}
