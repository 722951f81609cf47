/** IKEv2 messages as values, RFC 7296 section 3. Numbers are IANA's; unknown payloads and attributes are kept. */
import type { Identity, TrafficSelector } from '../policy.ts';

/** Payload types, section 3.2. */
export const PayloadType = {
  NONE: 0,
  SA: 33,
  KE: 34,
  IDI: 35,
  IDR: 36,
  CERT: 37,
  CERTREQ: 38,
  AUTH: 39,
  NONCE: 40,
  NOTIFY: 41,
  DELETE: 42,
  VENDOR: 43,
  TSI: 44,
  TSR: 45,
  SK: 46,
  CP: 47,
  /** Encrypted and Authenticated Fragment, RFC 7383 section 2.5. */
  SKF: 53,
} as const;

export const ExchangeType = { IKE_SA_INIT: 34, IKE_AUTH: 35, CREATE_CHILD_SA: 36, INFORMATIONAL: 37 } as const;

/** Protocol ids of proposals, notifies and deletes, section 3.3.1. */
export const ProtocolId = { NONE: 0, IKE: 1, AH: 2, ESP: 3 } as const;

/** Fixed header, section 3.1. SPIs are 64-bit numbers; the responder's is 0 in the first request. */
export type IkeHeader = Readonly<{
  initiatorSpi: bigint;
  responderSpi: bigint;
  exchange: number;
  /** Sent by the original initiator of this IKE SA. */
  fromInitiator: boolean;
  isResponse: boolean;
  messageId: number;
}>;

/** One transform, section 3.3.2. `type`: 1 ENCR, 2 PRF, 3 INTEG, 4 KE, 5 ESN. */
export type Transform = Readonly<{
  type: number;
  id: number;
  keyBits?: number;
  /** Attributes that are not Key Length, section 3.3.5; a transform that has any is not for us. */
  attributes?: readonly TransformAttribute[];
}>;

/** `type` with its format bit: 0x8000 set means that `value` is two bytes and carries no length. */
export type TransformAttribute = Readonly<{ type: number; value: Uint8Array }>;
export const TransformType = { ENCR: 1, PRF: 2, INTEG: 3, KE: 4, ESN: 5 } as const;

/** One proposal, section 3.3.1. `spi` is empty in IKE_SA_INIT, 8 bytes for an IKE rekey, 4 for ESP. */
export type Proposal = Readonly<{
  number: number;
  protocol: number;
  spi: Uint8Array;
  transforms: readonly Transform[];
}>;

export type ConfigurationAttribute = Readonly<{ type: number; value: Uint8Array }>;

export type Payload =
  | Readonly<{ kind: 'sa'; proposals: readonly Proposal[] }>
  | Readonly<{ kind: 'ke'; group: number; data: Uint8Array }>
  /** `body` is as on the wire, for AUTH. */
  | Readonly<{ kind: 'idi'; identity: Identity; body: Uint8Array }>
  | Readonly<{ kind: 'idr'; identity: Identity; body: Uint8Array }>
  | Readonly<{ kind: 'cert'; encoding: number; data: Uint8Array }>
  | Readonly<{ kind: 'certreq'; encoding: number; data: Uint8Array }>
  | Readonly<{ kind: 'auth'; method: number; data: Uint8Array }>
  | Readonly<{ kind: 'nonce'; data: Uint8Array }>
  | Readonly<{ kind: 'notify'; protocol: number; spi: Uint8Array; type: number; data: Uint8Array }>
  /** `spis` is empty for IKE; 4 bytes each for ESP. */
  | Readonly<{ kind: 'delete'; protocol: number; spis: readonly Uint8Array[] }>
  | Readonly<{ kind: 'vendor'; data: Uint8Array }>
  | Readonly<{ kind: 'tsi'; selectors: readonly TrafficSelector[] }>
  | Readonly<{ kind: 'tsr'; selectors: readonly TrafficSelector[] }>
  /** `type`: 1 CFG_REQUEST, 2 CFG_REPLY, 3 CFG_SET, 4 CFG_ACK. */
  | Readonly<{ kind: 'cp'; type: number; attributes: readonly ConfigurationAttribute[] }>
  | Readonly<{ kind: 'unknown'; type: number; critical: boolean; body: Uint8Array }>;

export type IkeMessage = Readonly<{ header: IkeHeader; payloads: readonly Payload[] }>;

/** Notify message types, section 3.10.1 (those that this implementation names). */
export const NotifyType = {
  UNSUPPORTED_CRITICAL_PAYLOAD: 1,
  INVALID_IKE_SPI: 4,
  INVALID_MAJOR_VERSION: 5,
  INVALID_SYNTAX: 7,
  INVALID_MESSAGE_ID: 9,
  INVALID_SPI: 11,
  NO_PROPOSAL_CHOSEN: 14,
  INVALID_KE_PAYLOAD: 17,
  AUTHENTICATION_FAILED: 24,
  SINGLE_PAIR_REQUIRED: 34,
  NO_ADDITIONAL_SAS: 35,
  INTERNAL_ADDRESS_FAILURE: 36,
  FAILED_CP_REQUIRED: 37,
  TS_UNACCEPTABLE: 38,
  INVALID_SELECTORS: 39,
  /** RFC 4555 section 4.1. */
  UNACCEPTABLE_ADDRESSES: 40,
  UNEXPECTED_NAT_DETECTED: 41,
  TEMPORARY_FAILURE: 43,
  CHILD_SA_NOT_FOUND: 44,
  INITIAL_CONTACT: 16384,
  SET_WINDOW_SIZE: 16385,
  ADDITIONAL_TS_POSSIBLE: 16386,
  IPCOMP_SUPPORTED: 16387,
  NAT_DETECTION_SOURCE_IP: 16388,
  NAT_DETECTION_DESTINATION_IP: 16389,
  COOKIE: 16390,
  USE_TRANSPORT_MODE: 16391,
  HTTP_CERT_LOOKUP_SUPPORTED: 16392,
  REKEY_SA: 16393,
  ESP_TFC_PADDING_NOT_SUPPORTED: 16394,
  NON_FIRST_FRAGMENTS_ALSO: 16395,
  /** RFC 4555 section 4. */
  MOBIKE_SUPPORTED: 16396,
  ADDITIONAL_IP4_ADDRESS: 16397,
  ADDITIONAL_IP6_ADDRESS: 16398,
  NO_ADDITIONAL_ADDRESSES: 16399,
  UPDATE_SA_ADDRESSES: 16400,
  COOKIE2: 16401,
  NO_NATS_ALLOWED: 16402,
  /** RFC 4478. */
  AUTH_LIFETIME: 16403,
  CHILDLESS_IKEV2_SUPPORTED: 16418,
  IKEV2_FRAGMENTATION_SUPPORTED: 16430,
  SIGNATURE_HASH_ALGORITHMS: 16431,
  /** RFC 8784 section 5.1. */
  USE_PPK: 16435,
  PPK_IDENTITY: 16436,
  NO_PPK_AUTH: 16437,
} as const;

/** CFG types, section 3.15. */
export const ConfigurationType = { REQUEST: 1, REPLY: 2, SET: 3, ACK: 4 } as const;

/** Authentication methods, section 3.8. */
export const AuthMethod = {
  RSA_SIGNATURE: 1,
  SHARED_KEY: 2,
  DSS_SIGNATURE: 3,
  /** RFC 4754 section 3: each goes with one curve and one hash. */
  ECDSA_256: 9,
  ECDSA_384: 10,
  ECDSA_521: 11,
  DIGITAL_SIGNATURE: 14,
} as const;

/** Certificate encodings, section 3.6. */
export const CertificateEncoding = { X509_SIGNATURE: 4, HASH_AND_URL: 12, HASH_AND_URL_BUNDLE: 13 } as const;

/** IKEv2 hash algorithms, RFC 7427 section 4 and RFC 8420 section 2: IDENTITY goes with EdDSA. */
export const HashAlgorithm = { SHA1: 1, SHA2_256: 2, SHA2_384: 3, SHA2_512: 4, IDENTITY: 5 } as const;

/** Configuration attribute types, section 3.15.1. */
export const ConfigurationAttributeType = {
  INTERNAL_IP4_ADDRESS: 1,
  INTERNAL_IP4_NETMASK: 2,
  INTERNAL_IP6_ADDRESS: 8,
  APPLICATION_VERSION: 7,
  INTERNAL_IP4_SUBNET: 13,
  SUPPORTED_ATTRIBUTES: 14,
  INTERNAL_IP6_SUBNET: 15,
} as const;

/** What can be wrong with a message, each with its place. */
export type WireFault = Readonly<{
  kind:
    | 'short'
    | 'bad-length'
    | 'bad-version'
    | 'bad-payload'
    | 'unsupported-critical-payload'
    | 'integrity-failed'
    | 'bad-padding'
    | 'not-encrypted'
    | 'unexpected-encrypted';
  /** Payload type concerned, 0 for the header. */
  payload: number;
  detail?: string;
  /** The fault lies within an SK payload whose integrity was good: the peer itself sent it. */
  authentic?: boolean;
}>;
