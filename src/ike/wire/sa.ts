/** Security Association payload, RFC 7296 section 3.3: proposals of transforms of attributes. */
import { fail, ok, Reader, type Result, type Writer } from '../../base/index.ts';
import { PayloadType, type Proposal, type Transform, type TransformAttribute, type WireFault } from './message.ts';

/** Key Length, type 14 in the short format: the one attribute RFC 7296 defines (section 3.3.5). */
const KEY_LENGTH = 0x800e;
const SHORT_FORMAT = 0x8000;

export function decodeSa(body: Uint8Array): Result<readonly Proposal[], WireFault> {
  const r = new Reader(body);
  const proposals: Proposal[] = [];
  for (let more = true; more; ) {
    const last = r.u8();
    r.u8(); // RESERVED
    const inner = r.sub(r.u16() - 4);
    if (r.short) return bad('short');
    if (last !== 0 && last !== 2) return bad('bad-payload', 'Last Substruc of a proposal');
    more = last === 2;
    const proposal = decodeProposal(inner);
    if (!proposal.ok) return proposal;
    proposals.push(proposal.value);
  }
  return r.left > 0 ? bad('bad-length') : ok(proposals);
}

export function encodeSa(w: Writer, proposals: readonly Proposal[]): void {
  for (const [i, proposal] of proposals.entries()) {
    const start = w.length;
    w.u8(i === proposals.length - 1 ? 0 : 2)
      .u8(0)
      .u16(0);
    w.u8(proposal.number).u8(proposal.protocol).u8(proposal.spi.length).u8(proposal.transforms.length);
    w.bytes(proposal.spi);
    for (const [j, transform] of proposal.transforms.entries()) {
      encodeTransform(w, transform, j === proposal.transforms.length - 1);
    }
    w.patchU16(start + 2, w.length - start);
  }
}

function decodeProposal(r: Reader): Result<Proposal, WireFault> {
  const number = r.u8();
  const protocol = r.u8();
  const spiSize = r.u8();
  const count = r.u8();
  const spi = r.bytes(spiSize);
  const transforms: Transform[] = [];
  for (let i = 0; i < count; i++) {
    const last = r.u8();
    r.u8(); // RESERVED
    const inner = r.sub(r.u16() - 4);
    if (r.short) return bad('short');
    if (last !== (i === count - 1 ? 0 : 3)) return bad('bad-payload', 'Last Substruc of a transform');
    const transform = decodeTransform(inner);
    if (!transform.ok) return transform;
    transforms.push(transform.value);
  }
  if (r.short) return bad('short');
  if (r.left > 0) return bad('bad-length', 'more bytes than the proposal counts transforms');
  return ok({ number, protocol, spi, transforms });
}

function decodeTransform(r: Reader): Result<Transform, WireFault> {
  const type = r.u8();
  r.u8(); // RESERVED
  const id = r.u16();
  let keyBits: number | undefined;
  const attributes: TransformAttribute[] = [];
  while (r.left > 0) {
    const attribute = r.u16();
    const value = r.bytes((attribute & SHORT_FORMAT) === 0 ? r.u16() : 2);
    if (attribute === KEY_LENGTH && keyBits === undefined) keyBits = ((value[0] ?? 0) << 8) | (value[1] ?? 0);
    else attributes.push({ type: attribute, value });
  }
  if (r.short) return bad('short');
  return ok({
    type,
    id,
    ...(keyBits === undefined ? {} : { keyBits }),
    ...(attributes.length === 0 ? {} : { attributes }),
  });
}

function encodeTransform(w: Writer, transform: Transform, isLast: boolean): void {
  const start = w.length;
  w.u8(isLast ? 0 : 3)
    .u8(0)
    .u16(0)
    .u8(transform.type)
    .u8(0)
    .u16(transform.id);
  if (transform.keyBits !== undefined) w.u16(KEY_LENGTH).u16(transform.keyBits);
  for (const { type, value } of transform.attributes ?? []) {
    w.u16(type);
    if ((type & SHORT_FORMAT) === 0) w.u16(value.length);
    w.bytes(value);
  }
  w.patchU16(start + 2, w.length - start);
}

function bad(kind: WireFault['kind'], detail?: string): Result<never, WireFault> {
  return fail({ kind, payload: PayloadType.SA, ...(detail === undefined ? {} : { detail }) });
}
