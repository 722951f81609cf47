/**
 * pcapng writer (draft-ietf-opsawg-pcapng): one section, one interface for each link, a stream of packets. Link type is
 * Ethernet. Time stamps come from the lab's time, so two runs of one lab give the same bytes.
 */
import { utf8, Writer } from '../base/index.ts';

/** Blocks are little endian, as the tools that read them expect most. */
const LITTLE = true;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
/** IANA's PCAP link types: frames, and IP packets without any. */
export const LinkType = { ETHERNET: 1, RAW_IP: 101 } as const;

const Option = {
  END: 0,
  COMMENT: 1,
  IF_NAME: 2,
  EPB_FLAGS: 2,
  IF_DESCRIPTION: 3,
  SHB_USERAPPL: 4,
  IF_TSRESOL: 9,
} as const;
const DIRECTIONS = { in: 1, out: 2 } as const;

/** 2026-01-01T00:00:00Z in milliseconds: where the virtual time 0 of a lab stands in its captures. */
export const LAB_EPOCH_MS = 1_767_225_600_000;

export type PcapngOptions = Readonly<{
  /** Time stamps in microseconds (the default, and what every tool reads) or nanoseconds. */
  resolution?: 'us' | 'ns';
  /** Wall-clock time of instant 0, milliseconds since 1970. */
  epochMs?: number;
}>;

export class PcapngWriter {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #nanoseconds: boolean;
  readonly #epochMs: number;
  #interfaces = 0;
  /** Packets written. */
  packets = 0;

  /** `sink` is given each block as soon as it is complete; the array is its own to keep. */
  constructor(sink: (bytes: Uint8Array) => void, options: PcapngOptions = {}) {
    this.#sink = sink;
    this.#nanoseconds = options.resolution === 'ns';
    this.#epochMs = options.epochMs ?? LAB_EPOCH_MS;
    this.#block(
      SECTION_HEADER,
      [u32(BYTE_ORDER_MAGIC), u16(1), u16(0), UNKNOWN_LENGTH],
      [[Option.SHB_USERAPPL, utf8('Wheelwright')]],
    );
  }

  /** Adds an interface and gives its number. */
  addInterface(name: string, description?: string, linkType: number = LinkType.ETHERNET): number {
    this.#block(
      INTERFACE_DESCRIPTION,
      [u16(linkType), u16(0), u32(0)],
      [
        [Option.IF_NAME, utf8(name)],
        ...(description === undefined ? [] : [[Option.IF_DESCRIPTION, utf8(description)] as const]),
        [Option.IF_TSRESOL, new Uint8Array([this.#nanoseconds ? 9 : 6])],
      ],
    );
    return this.#interfaces++;
  }

  /** Writes a frame that passed at lab time `atMs`; of one that was cut short, with the length that it had. */
  packet(
    interfaceId: number,
    atMs: number,
    frame: Uint8Array,
    comment?: string,
    { length = frame.length, direction }: Readonly<{ length?: number; direction?: 'in' | 'out' }> = {},
  ): void {
    const stamp = this.#nanoseconds
      ? BigInt(this.#epochMs) * 1_000_000n + BigInt(Math.round(atMs * 1e6))
      : BigInt(this.#epochMs) * 1000n + BigInt(Math.round(atMs * 1e3));
    const fields = [
      u32(interfaceId),
      u32(Number(stamp >> 32n)),
      u32(Number(stamp & 0xffff_ffffn)),
      u32(frame.length),
      u32(length),
      frame,
      new Uint8Array(-frame.length & 3),
    ];
    this.#block(ENHANCED_PACKET, fields, [
      ...(comment === undefined ? [] : [[Option.COMMENT, utf8(comment)] as const]),
      ...(direction === undefined ? [] : [[Option.EPB_FLAGS, u32(DIRECTIONS[direction])] as const]),
    ]);
    this.packets++;
  }

  #block(type: number, body: readonly Uint8Array[], options: readonly (readonly [number, Uint8Array])[]): void {
    const parts = [...body];
    for (const [code, value] of options)
      parts.push(u16(code), u16(value.length), value, new Uint8Array(-value.length & 3));
    if (options.length > 0) parts.push(u16(Option.END), u16(0));
    const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
    const writer = new Writer(length).bytes(u32(type)).bytes(u32(length));
    for (const part of parts) writer.bytes(part);
    this.#sink(writer.bytes(u32(length)).finish());
  }
}

const UNKNOWN_LENGTH = new Uint8Array(8).fill(0xff);

/** An Ethernet frame around an IP packet. MAC addresses are given as their last four bytes behind `02:00`. */
export function ethernetFrame(destination: number | undefined, source: number, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + packet.length);
  const view = new DataView(frame.buffer);
  if (destination === undefined) frame.fill(0xff, 0, 6);
  else {
    view.setUint16(0, 0x0200);
    view.setUint32(2, destination);
  }
  view.setUint16(6, 0x0200);
  view.setUint32(8, source);
  view.setUint16(12, (packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800);
  frame.set(packet, 14);
  return frame;
}

function u16(value: number): Uint8Array {
  const out = new Uint8Array(2);
  new DataView(out.buffer).setUint16(0, value, LITTLE);
  return out;
}

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, LITTLE);
  return out;
}
