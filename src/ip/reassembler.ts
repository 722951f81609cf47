/** Reassembly: RFC 791 section 3.2, RFC 8200 section 4.5; overlaps are refused for both families (RFC 5722). */
import { after, bytesEqual, Deadlines, type Instant, readU16, writeU16 } from '../base/index.ts';
import { internetChecksum } from './checksum.ts';
import { extensionLength, IPV6_HEADER, type IpHeader, setTos } from './header.ts';
import { Protocol } from './protocol.ts';

export type ReassemblyDrop = 'timeout' | 'overlap' | 'limit' | 'malformed';

export type ReassemblerOptions = Readonly<{
  /** Told of each loss: how many fragments went, and the first fragment (offset 0) if it was there. */
  onDrop?: (reason: ReassemblyDrop, fragments: number, first: Uint8Array | undefined) => void;
  /** Datagrams under way at most; the oldest one goes when another begins. */
  maxDatagrams?: number;
  /** Bytes held at most, over all datagrams. */
  maxBytes?: number;
}>;

type Piece = { offset: number; end: number; data: Uint8Array };

type Datagram = {
  pieces: Piece[];
  bytes: number;
  /** Length of the whole payload, known once the last fragment came. */
  length: number | undefined;
  first: Uint8Array | undefined;
  firstHeader: IpHeader | undefined;
  congestion: boolean;
  /** Refused: its later fragments are dropped too, until the time is up. */
  dead: boolean;
};

const TIMEOUT_V4_MS = 30_000;
/** RFC 8200 section 4.5. */
const TIMEOUT_V6_MS = 60_000;
const MAX_DATAGRAMS = 256;
const MAX_BYTES = 4 << 20;
const MAX_PIECES = 1024;
const MAX_PAYLOAD = 0xffff;

/** Collects fragments, given in any order, into datagrams. */
export class Reassembler {
  readonly #onDrop: (reason: ReassemblyDrop, fragments: number, first: Uint8Array | undefined) => void;
  readonly #maxDatagrams: number;
  readonly #maxBytes: number;
  readonly #datagrams = new Map<string, Datagram>();
  readonly #deadlines = new Deadlines<string>();
  #bytes = 0;

  constructor(options: ReassemblerOptions = {}) {
    this.#onDrop = options.onDrop ?? ignore;
    this.#maxDatagrams = options.maxDatagrams ?? MAX_DATAGRAMS;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /** Datagrams under way. */
  get size(): number {
    return this.#datagrams.size;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a fragment (it is kept, not copied) and gives the whole packet once it is the last one missing. Fragments of
   * different `origin` never come together.
   */
  add(header: IpHeader, packet: Uint8Array, now: Instant, origin = ''): Uint8Array | undefined {
    this.tick(now);
    const from = header.family === 4 ? header.payloadOffset : header.fragmentHeaderOffset + 8;
    const data = packet.subarray(from, header.totalLength);
    const offset = header.fragmentOffset;
    const end = offset + data.length;
    if (
      data.length === 0 ||
      end > MAX_PAYLOAD ||
      (header.moreFragments && data.length % 8 !== 0) ||
      (header.family === 6 && header.fragmentHeaderOffset === 0)
    ) {
      this.#onDrop('malformed', 1, undefined);
      return undefined;
    }
    const key = `${keyOf(header)}%${origin}`;
    const datagram = this.#datagrams.get(key) ?? this.#begin(key, header, now);
    if (datagram.dead) {
      this.#onDrop('overlap', 1, undefined);
      return undefined;
    }
    if (!this.#place(datagram, header, { offset, end, data })) return undefined;
    if (offset === 0) {
      datagram.first = packet;
      datagram.firstHeader = header;
    }
    datagram.congestion ||= (header.tos & 3) === 3;
    if (datagram.length === undefined || datagram.bytes < datagram.length) {
      this.#makeRoom(key);
      return undefined;
    }
    this.#forget(key, datagram);
    const whole = join(datagram, datagram.length);
    if (whole === undefined) this.#onDrop('malformed', datagram.pieces.length, undefined);
    return whole;
  }

  /** When the next datagram runs out of time. */
  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  /** Gives up datagrams whose time is over. */
  tick(now: Instant): void {
    for (;;) {
      const key = this.#deadlines.takeDue(now);
      if (key === undefined) return;
      this.#drop(key, 'timeout');
    }
  }

  #begin(key: string, header: IpHeader, now: Instant): Datagram {
    if (this.#datagrams.size >= this.#maxDatagrams) this.#dropOldest();
    const datagram: Datagram = {
      pieces: [],
      bytes: 0,
      length: undefined,
      first: undefined,
      firstHeader: undefined,
      congestion: false,
      dead: false,
    };
    this.#datagrams.set(key, datagram);
    this.#deadlines.set(key, after(now, header.family === 4 ? TIMEOUT_V4_MS : TIMEOUT_V6_MS));
    return datagram;
  }

  /** Puts a piece in its place; false when it was dropped, alone (a duplicate) or with all the others. */
  #place(datagram: Datagram, header: IpHeader, piece: Piece): boolean {
    const { pieces } = datagram;
    let i = pieces.length;
    while (i > 0 && (pieces[i - 1]?.offset ?? 0) >= piece.offset) i--;
    const next = pieces[i];
    const previous = pieces[i - 1];
    // RFC 8200 section 4.5: an exact duplicate may be dropped alone.
    if (next !== undefined && next.offset === piece.offset && bytesEqual(next.data, piece.data)) {
      this.#onDrop('overlap', 1, undefined);
      return false;
    }
    const total = header.moreFragments ? datagram.length : piece.end;
    const contradicts =
      (previous !== undefined && previous.end > piece.offset) ||
      (next !== undefined && next.offset < piece.end) ||
      (datagram.length !== undefined && total !== datagram.length) ||
      (total !== undefined && (piece.end > total || (pieces[pieces.length - 1]?.end ?? 0) > total));
    if (contradicts || pieces.length >= MAX_PIECES) {
      this.#refuse(datagram);
      return false;
    }
    pieces.splice(i, 0, piece);
    datagram.length = total;
    datagram.bytes += piece.data.length;
    this.#bytes += piece.data.length;
    return true;
  }

  /** Drops what came and remembers to drop what comes: RFC 5722 section 4. */
  #refuse(datagram: Datagram): void {
    const fragments = datagram.pieces.length + 1;
    this.#bytes -= datagram.bytes;
    datagram.pieces = [];
    datagram.bytes = 0;
    datagram.first = undefined;
    datagram.dead = true;
    this.#onDrop('overlap', fragments, undefined);
  }

  #makeRoom(spared: string): void {
    while (this.#bytes > this.#maxBytes) {
      const before = this.#bytes;
      this.#dropOldest(spared);
      if (this.#bytes === before && this.#datagrams.size <= 1) {
        this.#drop(spared, 'limit');
        return;
      }
    }
  }

  #dropOldest(spared?: string): void {
    for (const key of this.#datagrams.keys()) {
      if (key === spared) continue;
      this.#drop(key, 'limit');
      return;
    }
  }

  #drop(key: string, reason: ReassemblyDrop): void {
    const datagram = this.#datagrams.get(key);
    if (datagram === undefined) return;
    this.#forget(key, datagram);
    if (datagram.pieces.length > 0) this.#onDrop(reason, datagram.pieces.length, datagram.first);
  }

  #forget(key: string, datagram: Datagram): void {
    this.#bytes -= datagram.bytes;
    this.#datagrams.delete(key);
    this.#deadlines.set(key, undefined);
  }
}

function ignore(): void {}

function keyOf(header: IpHeader): string {
  // RFC 791 tells datagrams apart by protocol too; RFC 8200 by addresses and identification alone.
  const protocol = header.family === 4 ? header.protocol : 0;
  return `${header.source}>${header.destination}#${header.identification}/${protocol}`;
}

function join(datagram: Datagram, length: number): Uint8Array | undefined {
  const { first, firstHeader } = datagram;
  if (first === undefined || firstHeader === undefined) return undefined;
  const v4 = firstHeader.family === 4;
  const headerLength = v4 ? firstHeader.payloadOffset : firstHeader.fragmentHeaderOffset;
  if (headerLength + length > (v4 ? 0xffff : IPV6_HEADER + 0xffff)) return undefined;
  const packet = new Uint8Array(headerLength + length);
  packet.set(first.subarray(0, headerLength));
  for (const piece of datagram.pieces) packet.set(piece.data, headerLength + piece.offset);
  if (v4) {
    writeU16(packet, 2, packet.length);
    writeU16(packet, 6, readU16(packet, 6) & 0x4000);
    writeU16(packet, 10, 0);
    writeU16(packet, 10, internetChecksum(packet, 0, 0, headerLength));
  } else {
    writeU16(packet, 4, packet.length - IPV6_HEADER);
    packet[fragmentPointer(first, headerLength)] = first[headerLength] ?? 0;
  }
  // RFC 3168 section 5.3: congestion seen by any fragment was seen by the packet.
  if (datagram.congestion && (firstHeader.tos & 3) !== 3) setTos(packet, firstHeader.tos | 3);
  return packet;
}

/** Where the next-header value stands that names the Fragment header at `fragmentHeaderOffset`. */
function fragmentPointer(packet: Uint8Array, fragmentHeaderOffset: number): number {
  let pointer = 6;
  let offset = IPV6_HEADER;
  while (offset < fragmentHeaderOffset) {
    const protocol = packet[pointer] ?? Protocol.IPV6_NONXT;
    pointer = offset;
    offset += extensionLength(protocol, packet[offset + 1] ?? 0);
  }
  return pointer;
}
