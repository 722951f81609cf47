/**
 * PFS groups: IKE_AUTH makes the first child SA without a key exchange of its own (RFC 7296 section 1.2), so two
 * groups that differ are not noticed before the first rekey.
 */
import { cipherName } from '../../config/index.ts';
import type { ChildSaSnapshot } from '../../ike/index.ts';
import type { Edit } from '../diagnosis.ts';
import { deleteLine, lineOf, setAttribute } from '../places.ts';
import type { TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const pfs: TunnelRule = (one) => {
  const { near, far } = one;
  if (near.profile === undefined || far?.profile === undefined) return undefined;
  const ours = near.profile.pfsGroup;
  const theirs = far.profile.pfsGroup;
  if (ours === theirs || !isRefused(near, far)) return undefined;
  const child = near.ikeSa?.children.at(-1);
  const up = near.state?.lineProtocol === true;
  return {
    state: up ? 'will-fail' : 'down',
    layer: 'child-sa',
    code: 'pfs-mismatch',
    claim: `${near.device.name} rekeys with ${said(ours)} and ${far.device.name} with ${said(theirs)}: ${when(one, child, up)}`,
    evidence: child === undefined ? [] : [current(near, child)],
    lines: [lineOf(near.device, near.profile.written, 'pfsGroup'), lineOf(far.device, far.profile.written, 'pfsGroup')],
    edits: [...set(near, theirs, far), ...set(far, ours, near)],
  };
};

/**
 * An end without a group takes whichever the other wants, so rekeys that the strict end begins succeed: all is well
 * unless the other end's SA is over before that.
 */
function isRefused(near: TunnelEnd, far: TunnelEnd): boolean {
  const [strict, lax] = near.profile?.pfsGroup === undefined ? [far, near] : [near, far];
  if (lax.profile?.pfsGroup !== undefined) return true;
  const ends = lifetimeMs(strict);
  return ends - Math.max(LEAST_MARGIN_MS, ends / 10) >= lifetimeMs(lax);
}

/** An SA is replaced at least this long before its end. */
const LEAST_MARGIN_MS = 30_000;

function lifetimeMs({ profile, device }: TunnelEnd): number {
  return profile?.lifetimeMs ?? device.model.childLifetimeMs;
}

function said(group: number | undefined): string {
  return group === undefined ? 'no group' : `group ${group}`;
}

/** The first refused rekey, and the end of the SA that it was to replace. */
function when({ near }: TunnelCase, child: ChildSaSnapshot | undefined, up: boolean): string {
  if (!up) return 'the child SA could not be replaced when its lifetime ended';
  const now = near.device.snapshot?.now;
  if (child === undefined || now === undefined) return 'the first rekey will be refused';
  const soft = Math.max(0, Math.round((child.softAt - now) / 1000));
  const hard = Math.max(0, Math.round((child.hardAt - now) / 1000));
  if (soft === 0) return `rekeys are refused, and the tunnel ends in ${hard} s`;
  return `the first rekey, in ${soft} s at the latest, will be refused, and the tunnel ends in ${hard} s`;
}

function current({ device }: TunnelEnd, { encr, keyBits, since, softAt, hardAt }: ChildSaSnapshot): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(0);
  return (
    `${device.name}: the child SA (${cipherName<string>({ encr, keyBits })}) is from ${seconds(since)} s, made without ` +
    `a key exchange of its own; rekey at ${seconds(softAt)} s, end at ${seconds(hardAt)} s`
  );
}

function set({ device, profile }: TunnelEnd, group: number | undefined, other: TunnelEnd): readonly Edit[] {
  if (profile === undefined) return [];
  const place = profile.written.attributes['pfsGroup'];
  if (group === undefined) {
    return place === undefined ? [] : [deleteLine(device, place, `as ${other.device.name} has it`)];
  }
  const change = { text: `set pfs group${group}`, why: `as ${other.device.name} has it` };
  return [setAttribute(device, profile.written, 'pfsGroup', change)];
}
