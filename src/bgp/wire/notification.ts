/** NOTIFICATION, RFC 4271 section 4.5, and ROUTE-REFRESH, RFC 2918 section 3. */
import { concat, fail, ok, type Result, readU16, writeU16 } from '../../base/index.ts';
import type { BgpFault } from '../faults.ts';
import { encodeFrame } from './framing.ts';

export type Notification = Readonly<{ code: number; subcode: number; data: Uint8Array }>;

export function encodeNotification(notification: Notification): Uint8Array {
  const { code, subcode, data } = notification;
  return encodeFrame('notification', concat(Uint8Array.of(code, subcode), data));
}

/** The framing has seen to it that code and subcode are there. */
export function decodeNotification(body: Uint8Array): Notification {
  return { code: body[0] ?? 0, subcode: body[1] ?? 0, data: body.slice(2) };
}

/** Address family by its IANA number and subsequent family; we use SAFI 1 (unicast) alone. */
export type RouteRefresh = Readonly<{ afi: number; safi: number }>;

export function encodeRouteRefresh(refresh: RouteRefresh): Uint8Array {
  const body = new Uint8Array(4);
  writeU16(body, 0, refresh.afi);
  body[3] = refresh.safi;
  return encodeFrame('routeRefresh', body);
}

export function decodeRouteRefresh(body: Uint8Array): Result<RouteRefresh, BgpFault> {
  if (body.length !== 4) return fail({ kind: 'bad-route-refresh-length' });
  return ok({ afi: readU16(body, 0), safi: body[3] ?? 0 });
}
