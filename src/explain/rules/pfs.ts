/**
 * PFS groups: IKE_AUTH makes the first child SA without a key exchange of its own (RFC 7296 section 1.2), so two
 * groups that differ are not noticed before the first rekey.
 */
import { cipherName } from '../../config/index.ts';
import type { ChildSaSnapshot } from '../../ike/index.ts';
import { lineOf, setAttribute } from '../places.ts';
import type { TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const pfs: TunnelRule = (one) => {
  const { near, far } = one;
  if (near.profile === undefined || far?.profile === undefined) return undefined;
  const ours = near.profile.pfsGroup;
  const theirs = far.profile.pfsGroup;
  // An end without a group takes whichever the other wants.
  if (ours === undefined || theirs === undefined || ours === theirs) return undefined;
  const child = near.ikeSa?.children.at(-1);
  const up = near.state?.lineProtocol === true;
  return {
    state: up ? 'will-fail' : 'down',
    layer: 'child-sa',
    code: 'pfs-mismatch',
    claim: `${near.device.name} rekeys with group ${ours} and ${far.device.name} with group ${theirs}: ${when(one, child, up)}`,
    evidence: child === undefined ? [] : [current(near, child)],
    lines: [lineOf(near.device, near.profile.written, 'pfsGroup'), lineOf(far.device, far.profile.written, 'pfsGroup')],
    edits: [set(near, theirs, far), set(far, ours, near)].flat(),
  };
};

/** The first refused rekey, and the end of the SA that it was to replace. */
function when({ near }: TunnelCase, child: ChildSaSnapshot | undefined, up: boolean): string {
  if (!up) return 'the child SA could not be replaced when its lifetime ended';
  const now = near.device.snapshot?.now;
  if (child === undefined || now === undefined) return 'the first rekey will be refused';
  const soft = Math.max(0, Math.round((child.softAt - now) / 1000));
  const hard = Math.max(0, Math.round((child.hardAt - now) / 1000));
  return `the first rekey, in ${soft} s at the latest, will be refused, and the tunnel ends in ${hard} s at the latest`;
}

function current({ device }: TunnelEnd, { encr, keyBits, since, softAt, hardAt }: ChildSaSnapshot): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(0);
  return (
    `${device.name}: the child SA (${cipherName<string>({ encr, keyBits })}) is from ${seconds(since)} s, made without ` +
    `a key exchange of its own; rekey at ${seconds(softAt)} s, end at ${seconds(hardAt)} s`
  );
}

function set({ device, profile }: TunnelEnd, group: number, other: TunnelEnd) {
  if (profile === undefined) return [];
  const change = { text: `set pfs group${group}`, why: `as ${other.device.name} has it` };
  return [setAttribute(device, profile.written, 'pfsGroup', change)];
}
