/** Traffic selectors: one end's tunnel carries only IPv4 and the other's only IPv6. */
import { type Family, netmask } from '../../base/index.ts';
import type { Edit } from '../diagnosis.ts';
import { expectedAddress } from '../expected-address.ts';
import { failuresSeen, nearFailure, tell } from '../failure.ts';
import { insertAfter, lineOf, sectionEnd } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const selectors: TunnelRule = (one) => {
  const { near, far } = one;
  if (far === undefined) return alone(one);
  if (near.tunnel === undefined || far.tunnel === undefined) return undefined;
  const ours = families(near);
  const theirs = families(far);
  if (ours.some((family) => theirs.includes(family))) return undefined;
  return {
    code: 'selectors-mismatch',
    claim: `the tunnel carries ${said(ours)} at ${near.device.name} and ${said(theirs)} at ${far.device.name}: no selector fits both`,
    evidence: failuresSeen(one),
    lines: [lineOf(near.device, near.tunnel.written, 'addresses'), lineOf(far.device, far.tunnel.written, 'addresses')],
    edits: smallest(widen(one, near, theirs, far), widen(one, far, ours, near)),
  };
};

/** The address of the other family that the other end speaks BGP with, else IPv6 without one. */
function widen({ fabric }: TunnelCase, end: TunnelEnd, wanted: readonly Family[], other: TunnelEnd): readonly Edit[] {
  const { device, tunnel } = end;
  if (tunnel === undefined) return [];
  const place = sectionEnd(device, tunnel.written.start);
  const why = `carries ${said(wanted)}, as ${other.device.name} does`;
  for (const family of wanted) {
    const address = expectedAddress(fabric, end, other, family);
    const length = other.tunnel?.addresses.find((one) => one.address.family === family)?.length;
    if (address === undefined || length === undefined) continue;
    const text = family === 4 ? ` ip address ${address} ${netmask(length)}` : ` ipv6 address ${address}/${length}`;
    return [insertAfter(device, place, { text, why })];
  }
  return wanted.includes(6) ? [insertAfter(device, place, { text: ' ipv6 enable', why })] : [];
}

/** An address that is expected mends more than a family that is merely let through. */
function smallest(ours: readonly Edit[], theirs: readonly Edit[]): readonly Edit[] {
  const all = [...ours, ...theirs];
  const full = all.filter(({ text }) => text.includes(' address '));
  return full.length > 0 ? full : all;
}

function alone(one: TunnelCase): Finding | undefined {
  const failure = nearFailure(one);
  if (failure === undefined) return undefined;
  const { cause } = failure;
  const code = cause.code === 'child-sa-failed' ? cause.because?.code : cause.code;
  if (code !== 'ts-unacceptable') return undefined;
  const { device } = one.near;
  return {
    code: 'selectors-mismatch',
    claim: `the IKE SA stands, but the other side's tunnel carries nothing that ${device.name}'s does`,
    evidence: [tell(device.name, failure)],
    missing: `a tunnel that carries ${said(families(one.near))}`,
  };
}

/** As the gateway makes the selectors: a template takes both families. */
function families({ tunnel, index }: TunnelEnd): readonly Family[] {
  if (tunnel === undefined) return [];
  const own = index.addresses(tunnel);
  return ([4, 6] as const).filter(
    (family) =>
      tunnel.kind === 'virtual-template' ||
      own.some(({ address }) => address.family === family) ||
      (family === 6 && tunnel.ipv6Enabled),
  );
}

function said(families: readonly Family[]): string {
  return families.map((family) => `IPv${family}`).join(' and ') || 'nothing';
}
