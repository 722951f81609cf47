/** Whole messages: the fixed header and the chain of payloads, RFC 7296 sections 3.1 and 3.2. */
import { fail, ok, Reader, type Result, Writer } from '../../base/index.ts';
import { decodeAuth, encodeAuth } from './auth.ts';
import { decodeCertificate, encodeCertificate } from './certificate.ts';
import { decodeConfiguration, encodeConfiguration } from './configuration.ts';
import { decodeDelete, encodeDelete } from './delete.ts';
import { decodeIdentity } from './identification.ts';
import { decodeKe, encodeKe } from './ke.ts';
import { type IkeHeader, type IkeMessage, type Payload, PayloadType, type WireFault } from './message.ts';
import { decodeNonce, encodeNonce } from './nonce.ts';
import { decodeNotify, encodeNotify } from './notify.ts';
import { decodeSa, encodeSa } from './sa.ts';
import { decodeTrafficSelectors, encodeTrafficSelectors } from './traffic-selectors.ts';
import { decodeVendor, encodeVendor } from './vendor.ts';

/** Length of the fixed header. */
export const HEADER_LENGTH = 28;
/** Length of the generic header before each payload's body. */
export const GENERIC_HEADER_LENGTH = 4;

const VERSION = 0x20; // major 2, minor 0
const FLAG_INITIATOR = 0x08;
const FLAG_RESPONSE = 0x20;
const CRITICAL = 0x80;

/** More payloads than any honest message holds; a bound on the work that one datagram can cause. */
const MAX_PAYLOADS = 256;

const TYPE_OF_KIND = {
  sa: PayloadType.SA,
  ke: PayloadType.KE,
  idi: PayloadType.IDI,
  idr: PayloadType.IDR,
  cert: PayloadType.CERT,
  certreq: PayloadType.CERTREQ,
  auth: PayloadType.AUTH,
  nonce: PayloadType.NONCE,
  notify: PayloadType.NOTIFY,
  delete: PayloadType.DELETE,
  vendor: PayloadType.VENDOR,
  tsi: PayloadType.TSI,
  tsr: PayloadType.TSR,
  cp: PayloadType.CP,
} as const satisfies Readonly<Record<Exclude<Payload['kind'], 'unknown'>, number>>;

/** A header with what belongs to the wire alone: the type of the first payload and the length of the message. */
export type WireHeader = IkeHeader & Readonly<{ nextPayload: number; length: number }>;

/** Reads the fixed header; the length must be that of the datagram. */
export function decodeHeader(bytes: Uint8Array): Result<WireHeader, WireFault> {
  const header = readHeader(bytes);
  if (header === undefined) return fail({ kind: 'short', payload: PayloadType.NONE });
  // Section 2.5: the minor version is ignored, any other major version is not ours to read.
  const major = (bytes[17] ?? 0) >>> 4;
  if (major !== 2) return fail({ kind: 'bad-version', payload: PayloadType.NONE, detail: `major version ${major}` });
  if (header.length > bytes.length) return fail({ kind: 'short', payload: PayloadType.NONE });
  if (header.length !== bytes.length) return fail({ kind: 'bad-length', payload: PayloadType.NONE });
  return ok(header);
}

/** The header's fields whatever version and length they claim, for an answer to INVALID_MAJOR_VERSION (section 2.5). */
export function readHeader(bytes: Uint8Array): WireHeader | undefined {
  const r = new Reader(bytes);
  const initiatorSpi = r.u64();
  const responderSpi = r.u64();
  const nextPayload = r.u8();
  r.u8(); // version
  const exchange = r.u8();
  const flags = r.u8();
  const messageId = r.u32();
  const length = r.u32();
  if (r.short) return undefined;
  const fromInitiator = (flags & FLAG_INITIATOR) !== 0;
  const isResponse = (flags & FLAG_RESPONSE) !== 0;
  return { initiatorSpi, responderSpi, exchange, fromInitiator, isResponse, messageId, nextPayload, length };
}

/** Writes the fixed header. */
export function encodeHeader(header: IkeHeader, nextPayload: number, length: number): Uint8Array {
  const flags = (header.fromInitiator ? FLAG_INITIATOR : 0) | (header.isResponse ? FLAG_RESPONSE : 0);
  const w = new Writer(HEADER_LENGTH).u64(header.initiatorSpi).u64(header.responderSpi);
  return w.u8(nextPayload).u8(VERSION).u8(header.exchange).u8(flags).u32(header.messageId).u32(length).finish();
}

/** Reads a message in clear (IKE_SA_INIT and the few answers outside an IKE SA). */
export function decodeMessage(bytes: Uint8Array): Result<IkeMessage, WireFault> {
  const header = decodeHeader(bytes);
  if (!header.ok) return header;
  const payloads = decodePayloads(header.value.nextPayload, bytes.subarray(HEADER_LENGTH));
  return payloads.ok ? ok({ header: plainHeader(header.value), payloads: payloads.value }) : payloads;
}

export function encodeMessage(message: IkeMessage): Uint8Array {
  const { firstType, bytes } = encodePayloads(message.payloads);
  const header = encodeHeader(message.header, firstType, HEADER_LENGTH + bytes.length);
  return new Writer(HEADER_LENGTH + bytes.length).bytes(header).bytes(bytes).finish();
}

/** The header without what belongs to the wire alone. */
export function plainHeader(header: WireHeader): IkeHeader {
  const { initiatorSpi, responderSpi, exchange, fromInitiator, isResponse, messageId } = header;
  return { initiatorSpi, responderSpi, exchange, fromInitiator, isResponse, messageId };
}

/** Reads a chain of payloads that fills `body` exactly. */
export function decodePayloads(firstType: number, body: Uint8Array): Result<readonly Payload[], WireFault> {
  const r = new Reader(body);
  const payloads: Payload[] = [];
  for (let type = firstType; type !== PayloadType.NONE; ) {
    const next = r.u8();
    const critical = (r.u8() & CRITICAL) !== 0;
    const inner = r.bytes(r.u16() - GENERIC_HEADER_LENGTH);
    if (r.short) return fail({ kind: 'short', payload: type });
    if (payloads.length === MAX_PAYLOADS) return fail({ kind: 'bad-payload', payload: type, detail: 'too many' });
    const payload = decodePayload(type, critical, inner);
    if (!payload.ok) return payload;
    payloads.push(payload.value);
    type = next;
  }
  return r.left > 0 ? fail({ kind: 'bad-length', payload: PayloadType.NONE }) : ok(payloads);
}

/** Writes a chain of payloads; `firstType` belongs into the header before it. */
export function encodePayloads(payloads: readonly Payload[]): { firstType: number; bytes: Uint8Array } {
  const w = new Writer(512);
  for (const [i, payload] of payloads.entries()) {
    const start = w.length;
    // Section 3.2: the critical bit is zero for the payloads that RFC 7296 defines.
    w.u8(typeOf(payloads[i + 1]))
      .u8(payload.kind === 'unknown' && payload.critical ? CRITICAL : 0)
      .u16(0);
    encodeBody(w, payload);
    w.patchU16(start + 2, w.length - start);
  }
  return { firstType: typeOf(payloads[0]), bytes: w.finish() };
}

function typeOf(payload: Payload | undefined): number {
  if (payload === undefined) return PayloadType.NONE;
  return payload.kind === 'unknown' ? payload.type : TYPE_OF_KIND[payload.kind];
}

function decodePayload(type: number, critical: boolean, body: Uint8Array): Result<Payload, WireFault> {
  switch (type) {
    case PayloadType.SA:
      return map(decodeSa(body), (proposals) => ({ kind: 'sa', proposals }));
    case PayloadType.KE:
      return map(decodeKe(body), (ke) => ({ kind: 'ke', ...ke }));
    case PayloadType.IDI:
    case PayloadType.IDR:
      return map(decodeIdentity(body, type), (identity) => ({
        kind: type === PayloadType.IDI ? 'idi' : 'idr',
        identity,
        body,
      }));
    case PayloadType.CERT:
    case PayloadType.CERTREQ:
      return map(decodeCertificate(body, type), (certificate) => ({
        kind: type === PayloadType.CERT ? 'cert' : 'certreq',
        ...certificate,
      }));
    case PayloadType.AUTH:
      return map(decodeAuth(body), (auth) => ({ kind: 'auth', ...auth }));
    case PayloadType.NONCE:
      return map(decodeNonce(body), (data) => ({ kind: 'nonce', data }));
    case PayloadType.NOTIFY:
      return map(decodeNotify(body), (notify) => ({ kind: 'notify', ...notify }));
    case PayloadType.DELETE:
      return map(decodeDelete(body), (deletion) => ({ kind: 'delete', ...deletion }));
    case PayloadType.VENDOR:
      return map(decodeVendor(body), (data) => ({ kind: 'vendor', data }));
    case PayloadType.TSI:
    case PayloadType.TSR:
      return map(decodeTrafficSelectors(body, type), (selectors) => ({
        kind: type === PayloadType.TSI ? 'tsi' : 'tsr',
        selectors,
      }));
    case PayloadType.CP:
      return map(decodeConfiguration(body), (configuration) => ({ kind: 'cp', ...configuration }));
    case PayloadType.SK:
    case PayloadType.SKF:
      return fail({ kind: 'unexpected-encrypted', payload: type });
    default:
      // Section 2.5: an unknown payload is skipped unless its sender marked it critical.
      if (critical) return fail({ kind: 'unsupported-critical-payload', payload: type });
      return ok({ kind: 'unknown', type, critical, body });
  }
}

function encodeBody(w: Writer, payload: Payload): void {
  switch (payload.kind) {
    case 'sa':
      encodeSa(w, payload.proposals);
      break;
    case 'ke':
      encodeKe(w, payload);
      break;
    case 'idi':
    case 'idr':
      w.bytes(payload.body);
      break;
    case 'cert':
    case 'certreq':
      encodeCertificate(w, payload);
      break;
    case 'auth':
      encodeAuth(w, payload);
      break;
    case 'nonce':
      encodeNonce(w, payload.data);
      break;
    case 'notify':
      encodeNotify(w, payload);
      break;
    case 'delete':
      encodeDelete(w, payload);
      break;
    case 'vendor':
      encodeVendor(w, payload.data);
      break;
    case 'tsi':
    case 'tsr':
      encodeTrafficSelectors(w, payload.selectors);
      break;
    case 'cp':
      encodeConfiguration(w, payload);
      break;
    case 'unknown':
      w.bytes(payload.body);
      break;
    default:
      payload satisfies never;
  }
}

function map<T>(result: Result<T, WireFault>, make: (value: T) => Payload): Result<Payload, WireFault> {
  return result.ok ? ok(make(result.value)) : result;
}
