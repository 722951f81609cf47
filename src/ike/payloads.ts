/** Picking payloads out of a message, and making the small ones. */
import { EMPTY, readU32, Writer } from '../base/index.ts';
import type { Cause } from './events.ts';
import { NotifyType, type Payload, ProtocolId } from './wire/message.ts';

/** A response, and what follows once it has been sealed with the keys of the IKE SA as it is now. */
export type Answer = Readonly<{ payloads: readonly Payload[]; afterwards?: () => void }>;

type Kind = Payload['kind'];
type OfKind<K extends Kind> = Matching<Payload, K>;
type Matching<P, K> = P extends { kind: infer Q } ? (K extends Q ? P : never) : never;
export type NotifyPayload = OfKind<'notify'>;

/** The first payload of a kind. */
export function pick<K extends Kind>(payloads: readonly Payload[], kind: K): OfKind<K> | undefined {
  for (const payload of payloads) if (payload.kind === kind) return payload as OfKind<K>;
  return undefined;
}

/** The first notification of a type. */
export function pickNotify(payloads: readonly Payload[], type: number): NotifyPayload | undefined {
  for (const payload of payloads) if (payload.kind === 'notify' && payload.type === type) return payload;
  return undefined;
}

/** The first notification that is an error: types below 16384, RFC 7296 section 3.10.1. */
export function pickError(payloads: readonly Payload[]): NotifyPayload | undefined {
  for (const payload of payloads) if (payload.kind === 'notify' && payload.type < 16_384) return payload;
  return undefined;
}

export function notify(type: number, data: Uint8Array = EMPTY): NotifyPayload {
  return { kind: 'notify', protocol: ProtocolId.NONE, spi: EMPTY, type, data };
}

/** A notification about one child SA, named by the SPI that its sender receives on. */
export function notifyOfChild(type: number, spi: number): NotifyPayload {
  return { kind: 'notify', protocol: ProtocolId.ESP, spi: childSpiBytes(spi), type, data: EMPTY };
}

/** Data of INVALID_KE_PAYLOAD: the group that would be accepted. */
export function groupBytes(group: number): Uint8Array {
  return new Writer(2).u16(group).finish();
}

export function childSpiBytes(spi: number): Uint8Array {
  return new Writer(4).u32(spi).finish();
}

export function childSpiOf(bytes: Uint8Array): number | undefined {
  return bytes.length === 4 ? readU32(bytes, 0) : undefined;
}

const NOTIFY_NAMES = new Map<number, string>(
  Object.entries(NotifyType).map(([name, type]) => [type, name.toLowerCase().replaceAll('_', '-')]),
);

/** The notification's name as a cause's code, such as `no-proposal-chosen`. */
function notifyName(type: number): string {
  return NOTIFY_NAMES.get(type) ?? `notify-${type}`;
}

/** The cause that a notification of the peer tells. */
export function causeOfNotify(type: number): Cause {
  const name = notifyName(type);
  return { code: name, text: `the peer answered ${name.toUpperCase().replaceAll('-', '_')}`, from: 'peer' };
}
