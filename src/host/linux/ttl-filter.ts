/**
 * TTL security (RFC 5082) for connections that are not accepted yet. The least TTL is an option of each connection, and
 * a listening socket serves neighbours with different ones; so what a neighbour writes before its connection got the
 * option has to be judged by a filter of the listening socket, which its connections inherit: data that comes from a
 * neighbour with too small a TTL is dropped. Segments without data pass: who sends from too far away shall be counted
 * by the option, and told of.
 */
import type { Family, IpAddress } from '../../base/index.ts';
import type { Libc } from './libc.ts';
import { Level, SocketOption } from './socket-numbers.ts';

export type TtlRule = Readonly<{ remote: IpAddress; minTtl: number }>;

type Instruction = Readonly<{ code: number; jumpTrue?: number; jumpFalse?: number; k?: number }>;

/** Classic BPF, `linux/bpf_common.h`. */
const Op = {
  LOAD_WORD: 0x20,
  LOAD_BYTE: 0x30,
  LOAD_LENGTH: 0x80,
  AND: 0x54,
  SHIFT_RIGHT: 0x74,
  SUBTRACT_X: 0x1c,
  TO_X: 0x07,
  JUMP: 0x05,
  JUMP_EQUAL: 0x15,
  JUMP_AT_LEAST: 0x35,
  RETURN: 0x06,
} as const;

/** SKF_NET_OFF: offsets from here count from the IP header, others from the TCP header. */
const NETWORK = 0xfff0_0000;
const IP_HEADER = { 4: { ttl: 8, source: 12 }, 6: { ttl: 7, source: 8 } } as const;
const ACCEPT: Instruction = { code: Op.RETURN, k: 0xffff_ffff };
const DROP: Instruction = { code: Op.RETURN, k: 0 };
/** BPF_MAXINSNS. */
const MOST_INSTRUCTIONS = 4096;
const INSTRUCTION_LENGTH = 8;
const DETACH_FILTER = 27;

/** Is there data after the TCP header? Then drop it. */
const JUDGE: readonly Instruction[] = [
  { code: Op.LOAD_BYTE, k: 12 },
  { code: Op.AND, k: 0xf0 },
  { code: Op.SHIFT_RIGHT, k: 2 },
  { code: Op.TO_X },
  { code: Op.LOAD_LENGTH },
  { code: Op.SUBTRACT_X },
  { code: Op.JUMP_EQUAL, k: 0, jumpTrue: 0, jumpFalse: 1 },
  ACCEPT,
  DROP,
];

/** The filter for a listening socket of one family; none when nobody has a rule, or more have than fit. */
export function ttlFilter(family: Family, rules: readonly TtlRule[]): Uint8Array | undefined {
  const mine = rules.filter(({ remote }) => remote.family === family);
  const blocks = mine.map((rule) => block(family, rule));
  const length = blocks.reduce((sum, one) => sum + one.length, 0) + 1 + JUDGE.length;
  if (mine.length === 0 || length > MOST_INSTRUCTIONS) return undefined;
  const program: Instruction[] = [];
  const judge = length - JUDGE.length;
  for (const one of blocks) {
    for (const instruction of one) {
      const isJump = instruction.code === Op.JUMP;
      program.push(isJump ? { code: Op.JUMP, k: judge - program.length - 1 } : instruction);
    }
  }
  return encode([...program, ACCEPT, ...JUDGE]);
}

/** One neighbour: falls through when the segment is of another one. The jump goes to the judgement. */
function block(family: Family, { remote, minTtl }: TtlRule): readonly Instruction[] {
  const { ttl, source } = IP_HEADER[family];
  const words = family === 4 ? [remote.a] : [remote.a, remote.b, remote.c, remote.d];
  const judged: readonly Instruction[] = [
    { code: Op.LOAD_BYTE, k: NETWORK + ttl },
    { code: Op.JUMP_AT_LEAST, k: minTtl, jumpTrue: 1, jumpFalse: 0 },
    { code: Op.JUMP },
    ACCEPT,
  ];
  const compared = words.flatMap((word, i): readonly Instruction[] => [
    { code: Op.LOAD_WORD, k: NETWORK + source + 4 * i },
    { code: Op.JUMP_EQUAL, k: word >>> 0, jumpTrue: 0, jumpFalse: 2 * (words.length - 1 - i) + judged.length },
  ]);
  return [...compared, ...judged];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_LENGTH);
  const view = new DataView(bytes.buffer);
  for (const [i, { code, jumpTrue = 0, jumpFalse = 0, k = 0 }] of program.entries()) {
    const at = i * INSTRUCTION_LENGTH;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jumpTrue);
    view.setUint8(at + 3, jumpFalse);
    view.setUint32(at + 4, k, true);
  }
  return bytes;
}

/** Makes this the filter of a socket; without one, takes away what there is. */
export function attachFilter(libc: Libc, fd: number, filter: Uint8Array | undefined): number {
  if (filter === undefined) {
    const none = new Uint8Array(4);
    libc.setsockopt(fd, Level.SOCKET, DETACH_FILTER, none, none.length); // there may be none: no matter
    return 0;
  }
  // `struct sock_fprog`: number of instructions, and where they are.
  const program = new Uint8Array(16);
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length / INSTRUCTION_LENGTH, true);
  view.setBigUint64(8, BigInt(libc.addressOf(filter)), true);
  return libc.setsockopt(fd, Level.SOCKET, SocketOption.ATTACH_FILTER, program, program.length);
}
