/**
 * Which of several sockets of one UDP port a datagram goes to: a program in the kernel (classic BPF, `linux/filter.h`)
 * sorts first messages of strangers from what belongs to peers that are known. Each class has a queue of its own, so
 * that a flood of IKE_SA_INIT requests fills its own and no other.
 */

/** In the order in which their sockets are bound: the program answers a place in this list. */
export const datagramClasses = ['first', 'cookie', 'established'] as const;

/**
 * `first`: an IKE_SA_INIT request without a cookie, and what is nothing at all. `cookie`: one whose first payload is a
 * Notify, as a cookie is (RFC 7296 section 2.6). `established`: ESP, and IKE messages that name the SPI that a
 * responder chose, which nobody guesses.
 */
export type DatagramClass = (typeof datagramClasses)[number];

const FIRST = datagramClasses.indexOf('first');
const COOKIE = datagramClasses.indexOf('cookie');
const ESTABLISHED = datagramClasses.indexOf('established');

// Of the IKE header, RFC 7296 section 3.1.
const RESPONDER_SPI = 8;
const NEXT_PAYLOAD = 16;
const EXCHANGE_TYPE = 18;
const IKE_SA_INIT = 34;
const NOTIFY = 41;

const LOAD_WORD = 0x20;
const LOAD_BYTE = 0x30;
const JUMP_IF_EQUAL = 0x15;
const ANSWER = 0x06;

type Instruction = Readonly<{ code: number; yes: number; no: number; k: number }>;

/** The program for a port: on 4500 an IKE message stands behind four zero bytes (RFC 3948 section 2.2). */
export function reuseportProgram(marked: boolean): readonly Instruction[] {
  const at = marked ? 4 : 0;
  const load = (code: number, k: number): Instruction => ({ code, yes: 0, no: 0, k });
  const unless = (k: number, no: number): Instruction => ({ code: JUMP_IF_EQUAL, yes: 0, no, k });
  const answer = (k: number): Instruction => ({ code: ANSWER, yes: 0, no: 0, k });
  // A load past the end answers 0, which is `first`: what is too short for IKE may drown with the flood.
  const marker = [load(LOAD_WORD, 0), unless(0, 10)];
  const body = [
    load(LOAD_WORD, at + RESPONDER_SPI),
    unless(0, 8),
    load(LOAD_WORD, at + RESPONDER_SPI + 4),
    unless(0, 6),
    load(LOAD_BYTE, at + EXCHANGE_TYPE),
    unless(IKE_SA_INIT, 3),
    load(LOAD_BYTE, at + NEXT_PAYLOAD),
    unless(NOTIFY, 1),
    answer(COOKIE),
    answer(FIRST),
    answer(ESTABLISHED),
  ];
  return marked ? [...marker, ...body] : body;
}

/** `sock_filter`s, eight bytes each. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array {
  const out = new Uint8Array(program.length * 8);
  const view = new DataView(out.buffer);
  for (const [i, { code, yes, no, k }] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, yes);
    view.setUint8(i * 8 + 3, no);
    view.setUint32(i * 8 + 4, k, true);
  }
  return out;
}
