/**
 * What MOBIKE says in payloads, RFC 4555 section 4: that an end can move, and which further addresses it has.
 *
 *     IKE_AUTH request and response   N(MOBIKE_SUPPORTED), [N(ADDITIONAL_IP4_ADDRESS) | N(ADDITIONAL_IP6_ADDRESS)]+
 *     INFORMATIONAL                   the same list, or N(NO_ADDITIONAL_ADDRESSES)
 */
import { bytesEqual, IpAddress } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import type { IkeSa, Mobility } from './ike-sa.ts';
import { notify, pickNotify } from './payloads.ts';
import { addressesIn, type IkePath } from './policy.ts';
import { NotifyType, type Payload } from './wire/message.ts';

/** Addresses of a peer that are kept; a gateway has a few. */
const MAX_ADDRESSES = 8;

/** In IKE_AUTH: that we can, and our addresses but for the one in use. */
export function mobikePayloads(context: IkeContext, sa: IkeSa): Payload[] {
  return [notify(NotifyType.MOBIKE_SUPPORTED), ...ownAddresses(context, sa).map(additional)];
}

/** In INFORMATIONAL: our addresses but for the one in use, also when there are none. */
export function addressPayloads(context: IkeContext, sa: IkeSa): Payload[] {
  const own = ownAddresses(context, sa);
  return own.length === 0 ? [notify(NotifyType.NO_ADDITIONAL_ADDRESSES)] : own.map(additional);
}

/** Our further addresses as one text, to see whether they changed since they were told. */
export function addressText(context: IkeContext, sa: IkeSa): string {
  return ownAddresses(context, sa).join(' ');
}

/** What IKE_AUTH agreed on: both ends can, and who began decides. Undefined: an end can not. */
export function agreedMobility(
  context: IkeContext,
  sa: IkeSa,
  payloads: readonly Payload[],
  decides: boolean,
): Mobility | undefined {
  if (pickNotify(payloads, NotifyType.MOBIKE_SUPPORTED) === undefined) return undefined;
  return {
    decides,
    peerAddresses: toldAddresses(payloads) ?? [],
    isUpdating: false,
    isUnproven: false,
    seenAs: undefined,
    told: addressText(context, sa),
    refused: 0,
  };
}

/** The further addresses that a message tells; undefined: it says nothing about them. */
export function toldAddresses(payloads: readonly Payload[]): IpAddress[] | undefined {
  const told: IpAddress[] = [];
  let isTold = pickNotify(payloads, NotifyType.NO_ADDITIONAL_ADDRESSES) !== undefined;
  for (const payload of payloads) {
    if (payload.kind !== 'notify') continue;
    const { type, data } = payload;
    const length = type === NotifyType.ADDITIONAL_IP4_ADDRESS ? 4 : type === NotifyType.ADDITIONAL_IP6_ADDRESS ? 16 : 0;
    if (length === 0) continue;
    isTold = true;
    if (data.length !== length || told.length >= MAX_ADDRESSES) continue;
    told.push(IpAddress.read(data, 0, length === 4 ? 4 : 6));
  }
  return isTold ? told : undefined;
}

/** Section 4.2.6: source and destination as their sender knows them, which nothing on the way may have changed. */
export function breaksNatProhibition(payloads: readonly Payload[], { local, remote }: IkePath): boolean {
  const told = pickNotify(payloads, NotifyType.NO_NATS_ALLOWED);
  if (told === undefined) return false;
  const port = (value: number): number[] => [value >>> 8, value & 0xff];
  const seen = [...remote.address.toBytes(), ...local.address.toBytes(), ...port(remote.port), ...port(local.port)];
  return !bytesEqual(told.data, Uint8Array.from(seen));
}

function ownAddresses(context: IkeContext, { path }: IkeSa): IpAddress[] {
  return addressesIn(context.config, path)
    .filter((address) => !address.equals(path.local.address) && !address.isLinkLocal)
    .slice(0, MAX_ADDRESSES);
}

function additional(address: IpAddress): Payload {
  const type = address.family === 4 ? NotifyType.ADDITIONAL_IP4_ADDRESS : NotifyType.ADDITIONAL_IP6_ADDRESS;
  return notify(type, address.toBytes());
}
