/** Both ends wait for the other to begin. */
import { deleteLine, lineOf } from '../places.ts';
import type { TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const initiative: TunnelRule = ({ near, far }) => {
  if (begins(near) || (far !== undefined && begins(far))) return undefined;
  const waiting = [near, ...(far === undefined ? [] : [far])].filter(({ profile }) => profile?.responderOnly === true);
  if (waiting.length === 0) return undefined;
  const names = [near, far].flatMap((one) => (one === undefined ? [] : [one.device.name])).join(' nor ');
  return {
    code: 'nobody-begins',
    claim: far === undefined ? `${names} only answers (responder-only)` : `neither ${names} begins: each only answers`,
    lines: waiting.flatMap(({ device, profile }) =>
      profile === undefined ? [] : [lineOf(device, profile.written, 'responderOnly')],
    ),
    edits: waiting.flatMap(({ device, tunnel, profile }) => {
      const place = profile?.written.attributes['responderOnly'];
      return place === undefined || tunnel?.kind !== 'tunnel' ? [] : [deleteLine(device, place, 'begins itself')];
    }),
    ...(far === undefined ? { missing: 'a tunnel that begins: no responder-only in its IPsec profile' } : {}),
  };
};

/** A virtual template only answers. */
function begins({ tunnel, profile }: TunnelEnd): boolean {
  return tunnel?.kind === 'tunnel' && profile?.responderOnly !== true;
}
