/**
 * A NAT forgets a mapping that nothing refreshes: what the outer side sends is lost until the inner side speaks again,
 * from another port. RFC 3948 section 4: keepalives are there for that, if they come often enough.
 */
import { sourceLine } from '../diagnosis.ts';
import { findLine, insertAfter, lineOf, replaceLine } from '../places.ts';
import type { TunnelEnd, TunnelRule } from '../tunnel-case.ts';

/** The least that a device can be told. */
const SHORTEST_S = 10;

export const natMapping: TunnelRule = ({ near, far }) => {
  const [inside, outside] = near.ikeSa?.natLocal === true ? [near, far] : [far, near];
  const moves = outside === undefined ? [] : movesSeen(outside);
  if (moves.length === 0) return undefined;
  const interval = inside?.device.model.natKeepaliveMs;
  const said = inside === undefined ? undefined : findLine(inside.device, /^\s*(no )?crypto isakmp nat-traversal/);
  const text = `crypto isakmp nat-traversal ${SHORTEST_S}`;
  const why = 'keeps the mapping alive';
  const place = inside?.device.model.ikeEnabled[0]?.written.start;
  const canShorten = inside !== undefined && (interval === undefined || interval > SHORTEST_S * 1000);
  return {
    state: 'will-fail',
    layer: 'path',
    code: 'nat-forgets',
    claim:
      `a NAT before ${inside?.device.name ?? 'the other side'} forgot its mapping: what ` +
      `${outside?.device.name ?? 'this side'} sends is lost from then until the other speaks again`,
    evidence: [
      ...moves.slice(-3),
      ...(inside === undefined ? [] : [`${inside.device.name}: NAT keepalives ${everySeconds(interval)}`]),
    ],
    lines:
      inside === undefined
        ? []
        : said !== undefined
          ? [sourceLine(inside.device, said)]
          : canShorten && inside.tunnel !== undefined
            ? [lineOf(inside.device, inside.tunnel.written)]
            : [],
    edits: !canShorten
      ? []
      : said !== undefined
        ? [replaceLine(inside.device, said, { text, why })]
        : place === undefined
          ? []
          : [insertAfter(inside.device, place, { text, why })],
    ...(inside === undefined ? { missing: `${text}, so that the mapping of its NAT stays` } : {}),
  };
};

/** When the peer of this session came from another place. */
function movesSeen({ device, ikeSa }: TunnelEnd): string[] {
  const events = device.snapshot?.log ?? [];
  return events.flatMap(({ at, code, text, details }) => {
    if (code !== 'peer-moved' || details?.kind !== 'ike' || details.session !== ikeSa?.session) return [];
    return [`${device.name} at ${(at / 1000).toFixed(1)} s: ${text}`];
  });
}

function everySeconds(ms: number | undefined): string {
  return ms === undefined ? 'switched off' : `every ${ms / 1000} s`;
}
