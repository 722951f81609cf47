/** IKEv2: RFC 7296, with 4106/5282 (AEAD), 5998-free PSK authentication, 7634. */
export type { Cause, ChildSa, ExportedIkeKeys, IkeEffect, IkeEnvironment, IkeEvent } from './events.ts';
export { Ike } from './ike.ts';
export type {
  ChildPolicy,
  EspProposal,
  Identity,
  IkeConfig,
  IkePath,
  IkePeer,
  IkeProposal,
  Liveness,
  TrafficSelector,
} from './policy.ts';
export type { ChildSaSnapshot, IkeSaSnapshot, IkeSnapshot } from './snapshot.ts';
