/** Traffic selectors: one end's tunnel carries only IPv4 and the other's only IPv6. */
import type { Family } from '../../base/index.ts';
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
    edits: [...widen(near, theirs, far), ...widen(far, ours, near)],
  };
};

/** An address of the other family: IPv6 without one needs `ipv6 enable`, IPv4 one of the other end's subnet. */
function widen({ device, tunnel }: TunnelEnd, wanted: readonly Family[], other: TunnelEnd) {
  if (tunnel === undefined) return [];
  if (wanted.includes(6)) {
    const place = sectionEnd(device, tunnel.written.start);
    return [insertAfter(device, place, { text: ' ipv6 enable', why: `carries IPv6, as ${other.device.name} does` })];
  }
  return [];
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
