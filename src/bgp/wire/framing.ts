/** BGP messages over a byte stream, RFC 4271 section 4.1. */
import { concat, EMPTY, fail, ok, type Result, readU16, writeU16 } from '../../base/index.ts';
import type { BgpFault } from '../faults.ts';

/** IANA "BGP Message Types". */
export const MESSAGE = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

export type MessageType = keyof typeof MESSAGE;

/** A whole message; `body` is a view of what was received. */
export type Frame = Readonly<{ type: MessageType; body: Uint8Array }>;

export const HEADER_LENGTH = 19;
export const MAX_MESSAGE_LENGTH = 4096;

const MINIMUM: Readonly<Record<MessageType, number>> = {
  open: 29,
  update: 23,
  notification: 21,
  keepalive: HEADER_LENGTH,
  routeRefresh: 23,
};
const NAMES: readonly (MessageType | undefined)[] = [
  undefined,
  'open',
  'update',
  'notification',
  'keepalive',
  'routeRefresh',
];

/** A message from its body: marker, length and type in front. */
export function encodeFrame(type: MessageType, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_LENGTH + body.length);
  out.fill(0xff, 0, 16);
  writeU16(out, 16, out.length);
  out[18] = MESSAGE[type];
  out.set(body, HEADER_LENGTH);
  return out;
}

/** The one KEEPALIVE there is. */
export const KEEPALIVE = encodeFrame('keepalive', EMPTY);

/** Cuts a byte stream into messages. After a fault the stream has no meaning any more. */
export class Framer {
  #pending: Uint8Array = EMPTY;
  #offset = 0;

  /** Takes in the next bytes of the stream. */
  push(data: Uint8Array): void {
    this.#pending = this.#offset === this.#pending.length ? data : concat(this.#pending.subarray(this.#offset), data);
    this.#offset = 0;
  }

  /** The next whole message; undefined when more bytes are needed. */
  next(): Result<Frame, BgpFault> | undefined {
    const view = this.#pending;
    const start = this.#offset;
    const available = view.length - start;
    // The marker is checked as far as it has come, so that a stranger's protocol is noticed at once.
    for (let i = 0; i < Math.min(16, available); i++) {
      if (view[start + i] !== 0xff) return fail({ kind: 'connection-not-synchronized' });
    }
    if (available < HEADER_LENGTH) return undefined;
    const length = readU16(view, start + 16);
    const lengthField = view.slice(start + 16, start + 18);
    if (length < HEADER_LENGTH || length > MAX_MESSAGE_LENGTH) {
      return fail({ kind: 'bad-message-length', data: lengthField });
    }
    const type = NAMES[view[start + 18] ?? 0];
    if (type === undefined) return fail({ kind: 'bad-message-type', data: view.slice(start + 18, start + 19) });
    if (length < MINIMUM[type] || (type === 'keepalive' && length !== HEADER_LENGTH)) {
      return fail({ kind: 'bad-message-length', data: lengthField });
    }
    if (available < length) return undefined;
    this.#offset += length;
    return ok({ type, body: view.subarray(start + HEADER_LENGTH, start + length) });
  }
}
