/**
 * IKEv2: RFC 7296 with pre-shared keys and certificates, 4754, 7427 and 8420 (signatures), 4106 and 5282 (AEAD), 5903
 * and 8031 (groups), 7634 (ChaCha20-Poly1305), 3948 (NAT keepalives). `Ike` is the collection of all IKE SAs of one gateway.
 */
export type { Cause, ChildSa, ExportedIkeKeys, IkeEffect, IkeEnvironment, IkeEvent } from './events.ts';
export { identitiesEqual, identityText } from './identity.ts';
export { Ike } from './ike.ts';
export { keyFor } from './keyring.ts';
export type {
  CertificateCondition,
  CertificateRule,
  CertificateTrust,
  ChildPolicy,
  EspProposal,
  Identity,
  IdentityRule,
  IkeConfig,
  IkePath,
  IkePeer,
  IkeProposal,
  IkeSelection,
  KeyringEntry,
  Liveness,
  LocalSignature,
  Ppk,
  TrafficSelector,
} from './policy.ts';
export { addressesIn, GLOBAL_VRF, proposalsFor, vrfOf } from './policy.ts';
export { anySelectors, formatSelector, prefixOf, selectorOf } from './selectors.ts';
export type { AuthenticationKind, ChildSaSnapshot, IkeSaSnapshot, IkeSnapshot } from './snapshot.ts';
export { type CookieSecret, type CookieVerdict, StatelessCookies } from './stateless-cookies.ts';
export type { IkeStatistics } from './statistics.ts';
