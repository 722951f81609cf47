/**
 * The control protocol's frames: what an operator's program and a running gateway say to each other over a socket.
 *
 *   length (4 bytes, of what follows) | type (1 byte) | body
 *
 * The program's first frame is its request; one connection carries one request. Numbers are in network byte order.
 */
import { fail, fromUtf8, ok, Reader, type Result, utf8, Writer } from '../../base/index.ts';
import { type ControlRequest, readRequest } from './requests.ts';

export type ControlFrame =
  /** Program to gateway. */
  | Readonly<{ kind: 'request'; request: ControlRequest }>
  | Readonly<{ kind: 'input'; bytes: Uint8Array }>
  | Readonly<{ kind: 'resize'; columns: number; rows: number }>
  /** There is no more input. */
  | Readonly<{ kind: 'end' }>
  /** Gateway to program: what goes to its standard output, to its standard error, and its exit status, which ends it. */
  | Readonly<{ kind: 'output' | 'complaint'; bytes: Uint8Array }>
  | Readonly<{ kind: 'exit'; status: number }>;

/** What the other side did wrong; the connection ends. */
export type ControlFault = Readonly<{ kind: 'too-long' | 'unknown-type' | 'malformed'; text: string }>;

const TYPES = { request: 1, input: 2, resize: 3, end: 4, output: 16, complaint: 17, exit: 18 } as const;
const KINDS = new Map<number, keyof typeof TYPES>(
  (Object.keys(TYPES) as (keyof typeof TYPES)[]).map((kind) => [TYPES[kind], kind]),
);

const HEADER_BYTES = 4;
/** Longest frame, its type included: no frame needs more, and nobody makes us keep more. */
export const MOST_FRAME_BYTES = 1 << 16;
/** What one frame of output carries at most. */
export const MOST_BODY_BYTES = MOST_FRAME_BYTES - 1;

export function encodeFrame(frame: ControlFrame): Uint8Array {
  const body = bodyOf(frame);
  return new Writer(HEADER_BYTES + 1 + body.length)
    .u32(1 + body.length)
    .u8(TYPES[frame.kind])
    .bytes(body)
    .finish();
}

/** Output of any length as frames. */
export function* outputFrames(kind: 'output' | 'complaint', bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += MOST_BODY_BYTES)
    yield encodeFrame({ kind, bytes: bytes.subarray(from, from + MOST_BODY_BYTES) });
}

function bodyOf(frame: ControlFrame): Uint8Array {
  switch (frame.kind) {
    case 'request':
      return utf8(JSON.stringify(frame.request));
    case 'input':
    case 'output':
    case 'complaint':
      return frame.bytes;
    case 'resize':
      return new Writer(4).u16(frame.columns).u16(frame.rows).finish();
    case 'end':
      return new Uint8Array(0);
    case 'exit':
      return new Writer(1).u8(frame.status).finish();
    default:
      return frame satisfies never;
  }
}

/** Puts a stream's pieces together; keeps at most one frame. After a fault it reads nothing more. */
export class FrameReader {
  #held = new Uint8Array(MOST_FRAME_BYTES + HEADER_BYTES);
  #length = 0;
  #fault: ControlFault | undefined;

  /** Frames that these bytes complete, in order; a fault is the last. */
  *push(bytes: Uint8Array): Generator<Result<ControlFrame, ControlFault>> {
    let from = 0;
    while (this.#fault === undefined) {
      const wanted = this.#wanted();
      const room = wanted - this.#length;
      const piece = bytes.subarray(from, from + room);
      this.#held.set(piece, this.#length);
      this.#length += piece.length;
      from += piece.length;
      if (this.#length < wanted) return;
      if (wanted === HEADER_BYTES) {
        const size = new Reader(this.#held).u32();
        if (size === 0) yield this.#refuse('malformed', 'a frame without a type');
        else if (size > MOST_FRAME_BYTES) yield this.#refuse('too-long', `a frame of ${size} bytes`);
      } else {
        const frame = decode(this.#held.slice(HEADER_BYTES, wanted));
        this.#length = 0;
        if (!frame.ok) this.#fault = frame.error;
        yield frame;
      }
    }
  }

  /** Bytes up to which the present frame, or its header, reaches. */
  #wanted(): number {
    return this.#length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + new Reader(this.#held).u32();
  }

  #refuse(kind: ControlFault['kind'], text: string): Result<never, ControlFault> {
    this.#fault = { kind, text };
    return fail(this.#fault);
  }
}

function decode(frame: Uint8Array): Result<ControlFrame, ControlFault> {
  const reader = new Reader(frame);
  const type = reader.u8();
  const kind = KINDS.get(type);
  switch (kind) {
    case 'request': {
      const request = readRequest(fromUtf8(reader.rest()));
      return request.ok ? ok({ kind, request: request.value }) : fail({ kind: 'malformed', text: request.error });
    }
    case 'input':
    case 'output':
    case 'complaint':
      return ok({ kind, bytes: reader.rest() });
    case 'resize': {
      const columns = reader.u16();
      const rows = reader.u16();
      return complete(reader, { kind, columns, rows });
    }
    case 'end':
      return complete(reader, { kind });
    case 'exit':
      return complete(reader, { kind, status: reader.u8() });
    case undefined:
      return fail({ kind: 'unknown-type', text: `a frame of the unknown type ${type}` });
    default:
      return kind satisfies never;
  }
}

function complete(reader: Reader, frame: ControlFrame): Result<ControlFrame, ControlFault> {
  if (reader.short || reader.left > 0)
    return fail({ kind: 'malformed', text: `a ${frame.kind} frame of a wrong length` });
  return ok(frame);
}
