/**
 * One IKE SA with its child SAs as the collection keeps them: a record that the exchanges update in place. What exists
 * only during a stage lives in that stage, so nonces, key shares and first messages go when the stage goes.
 */
import { after, type Instant, type IpAddress, type Prefix, type SecretKey } from '../base/index.ts';
import type { KeyShare, Protector } from '../crypto/index.ts';
import type { Place } from './admission.ts';
import type { Cause } from './events.ts';
import { overheadOf } from './fragments.ts';
import { livenessDueAt } from './liveness.ts';
import type { EspProposal, Identity, IkePath, IkePeer, IkeProposal, TrafficSelector } from './policy.ts';
import type { PpkKeys } from './ppk.ts';
import { type Reassemblies, reassemblyWakeAt } from './reassembly.ts';
import type { AuthenticationKind, ChildSaSnapshot, IkeSaSnapshot } from './snapshot.ts';
import { nextRequestId, type ResponseCache, type Window, windowWakeAt } from './window.ts';

/** What the AUTH payloads of both ends sign, RFC 7296 section 2.15; gone once they are verified. */
export type Proofs = Readonly<{
  /** IKE_SA_INIT request and response as they were on the wire. */
  request: Uint8Array;
  response: Uint8Array;
  ni: Uint8Array;
  nr: Uint8Array;
  skPi: SecretKey;
  skPr: SecretKey;
}>;

/** IKE_SA_INIT of ours that waits for its response. */
export type InitSent = {
  readonly kind: 'init-sent';
  readonly nonce: Uint8Array;
  readonly proposals: readonly IkeProposal[];
  keyShare: KeyShare;
  request: Uint8Array;
  cookie: Uint8Array | undefined;
  /** Restarts by COOKIE and INVALID_KE_PAYLOAD so far: bounded, because anyone can forge them. */
  restarts: number;
  /** An unauthenticated refusal: believed only when the attempt ends without an answer (section 2.21.1). */
  refusal: Cause | undefined;
};

/** IKE_AUTH of ours that waits for its response; `childSpi` is our inbound SPI of the first child. */
export type AuthSent = Readonly<{
  kind: 'auth-sent';
  proofs: Proofs;
  childSpi: number;
  proposals: readonly EspProposal[];
  /** The keys with a PPK in them, which the responder uses if it has it too (RFC 8784). */
  ppk: PpkKeys | undefined;
  /** How we proved who we are. */
  proved: AuthenticationKind;
}>;

export type Stage =
  | InitSent
  | AuthSent
  /** We answered IKE_SA_INIT; half open. */
  | Readonly<{ kind: 'init-answered'; proofs: Proofs; usesPpk: boolean }>
  | Readonly<{ kind: 'established' }>
  /** Children live under its successor; waits for its own deletion. */
  | Readonly<{ kind: 'rekeyed' }>
  /** Given up here; the peer is being told. */
  | Readonly<{ kind: 'deleting' }>
  /** Answers repeats of the last request, nothing else. */
  | Readonly<{ kind: 'dead' }>;

/** Algorithms of an IKE SA. */
export type IkeAlgorithms = Readonly<{ encr: number; keyBits: number; integ: number; prf: number; group: number }>;

/** Algorithms of a child SA; `group` is 0 without a key exchange of its own. */
export type EspAlgorithms = Readonly<{ encr: number; keyBits: number; integ: number; esn: boolean; group: number }>;

/** What both ends did at the same time: the new SA of the peer's exchange, and the lower of that exchange's nonces. */
export type Collision<S> = Readonly<{ rival: S; lowestNonce: Uint8Array }>;

export type CreateChildExchange = {
  readonly kind: 'create-child';
  readonly spi: number;
  readonly nonce: Uint8Array;
  readonly proposals: readonly EspProposal[];
  readonly keyShare: KeyShare | undefined;
  /** The child SA to be replaced; none when a further one is made. */
  readonly old: ChildState | undefined;
  collision: Collision<ChildState> | undefined;
  /** SPIs that the peer deleted meanwhile and we did not know: perhaps of the very child SA that is being made. */
  readonly deletedSpis: number[];
};

export type RekeyIkeExchange = {
  readonly kind: 'rekey-ike';
  readonly spi: bigint;
  readonly nonce: Uint8Array;
  readonly proposals: readonly IkeProposal[];
  readonly keyShare: KeyShare;
  collision: Collision<IkeSa> | undefined;
};

/** The request of ours that is under way once the SA is established. */
export type Exchange =
  | CreateChildExchange
  | RekeyIkeExchange
  | Readonly<{ kind: 'delete-child'; children: readonly ChildState[] }>
  | Readonly<{ kind: 'update-addresses'; path: IkePath }>
  | Readonly<{ kind: 'return-routability'; cookie: Uint8Array; path: IkePath }>
  | Readonly<{ kind: 'delete-ike' | 'liveness' | 'set-configuration' | 'tell-addresses' }>;

/** What we shall ask as soon as the window is free. */
export type Task =
  | Readonly<{ kind: 'create-child'; old: ChildState | undefined; group?: number }>
  | Readonly<{ kind: 'rekey-ike'; group?: number }>
  | Readonly<{ kind: 'delete-child'; children: readonly ChildState[] }>
  | Readonly<{ kind: 'delete-ike'; notify?: number }>
  | Readonly<{ kind: 'liveness' | 'set-configuration' | 'update-addresses' | 'tell-addresses' | 'return-routability' }>;

/** How a line of child SAs began. `askedBy`: 'initiator' is us. */
export type ChildOrigin = Readonly<{ askedBy: 'initiator' | 'responder'; lowerSpi: number; since: Instant }>;

export type ChildState = {
  readonly inboundSpi: number;
  readonly outboundSpi: number;
  readonly suite: EspAlgorithms;
  readonly mode: 'tunnel' | 'transport';
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  readonly since: Instant;
  readonly softAt: Instant;
  readonly hardAt: Instant;
  /** The IKE SA it lives under: another one after an IKE rekey. */
  parent: IkeSa;
  /** 'replaced': the peer rekeyed it and will delete it; 'deleting': we are about to tell the peer. */
  state: 'live' | 'replaced' | 'deleting';
  /** The request without REKEY_SA that it goes back to, however often it was rekeyed since; absent for IKE_AUTH's. */
  readonly origin: ChildOrigin | undefined;
  /** Whether the plane has it. */
  installed: boolean;
  rekeyAt: Instant | undefined;
  rekeying: boolean;
  /** Why it goes, told to the plane when the deletion is through: 'deleting' after a rekey. */
  cause: Cause | undefined;
};

/** What an IKE SA whose ends both can move knows, RFC 4555; its successors go on with it. */
export type Mobility = {
  /** Which addresses are used is ours to say: we began the first IKE SA of the session. */
  readonly decides: boolean;
  /** Addresses of the peer besides the one in use. */
  peerAddresses: readonly IpAddress[];
  /** We moved, and the peer has not said yet that it follows. */
  isUpdating: boolean;
  /** The peer has not shown yet that it is where it moved to: its traffic stays where it was. */
  isUnproven: boolean;
  /** Hash of how the peer sees us, RFC 4555 section 3.8. */
  seenAs: Uint8Array | undefined;
  /** Our own further addresses as last told. */
  told: string;
  /** Moves in a row that the peer refused. */
  refused: number;
};

export type IkeSa = {
  /** Stable number: rekeying keeps it, and so does reauthentication. */
  session: number;
  /** Begun by us to go on with this session by a new authentication. */
  readonly reauthenticates: number | undefined;
  /** Goes on with the session of one that was authenticated earlier. */
  isSuccessor: boolean;
  /** Key in the table of crowds. */
  crowd: string | undefined;
  /** Who began this very IKE SA, by IKE_SA_INIT or by rekeying. */
  readonly role: 'initiator' | 'responder';
  readonly localSpi: bigint;
  /** 0 until the responder has chosen it. */
  remoteSpi: bigint;
  path: IkePath;
  /** Unknown to a responder until IKE_AUTH. */
  peer: IkePeer | undefined;
  stage: Stage;
  /** Whether `ike-sa-up` was told and `ike-sa-down` was not: one IKE SA of a session at a time. */
  isUp: boolean;
  /** Among the half-open ones, of which it is one: the peer began it and has not authenticated itself. */
  place: Place | undefined;
  /** Order of creation and of establishment among all IKE SAs here: tells simultaneous ones from successive ones. */
  readonly createdOrder: number;
  establishedOrder: number;
  since: Instant;
  /** When the session was established, of which this may be a later IKE SA. */
  sessionSince: Instant;
  suite: IkeAlgorithms | undefined;
  /** Lifetime by the proposal agreed on; undefined: the peer's. */
  lifetimeMs: number | 'unlimited' | undefined;
  skD: SecretKey | undefined;
  /** Whether a postquantum preshared key is in its keys, RFC 8784. */
  isQuantumSafe: boolean;
  outbound: Protector | undefined;
  inbound: Protector | undefined;
  /** Counter for the IVs of what we send, RFC 5282 section 3.1. */
  sealed: number;
  /** Hashes that the peer verifies signatures with (RFC 7427), and authorities whose certificates it asked for. */
  peerHashes: readonly number[];
  peerAuthorities: ReadonlySet<string>;
  /** How each end proved who it is. */
  authentication: IkeSaSnapshot['authentication'] | undefined;
  localIdentity: Identity | undefined;
  remoteIdentity: Identity | undefined;
  /** ESP goes in UDP without a NAT on the way, because we want it so. */
  isForced: boolean;
  /** Our IKE_AUTH asks for no child SA; it is asked for afterwards (RFC 6023). */
  isChildless: boolean;
  natLocal: boolean;
  natRemote: boolean;
  /** Absent when an end can not move. */
  mobility: Mobility | undefined;
  /** Both ends cut large messages (RFC 7383); `mtu` is the largest IP packet, less than configured once probed. */
  fragmentation: { mtu: number } | undefined;
  readonly reassemblies: Reassemblies;
  window: Window;
  responses: ResponseCache;
  exchange: Exchange | undefined;
  tasks: Task[];
  readonly children: Map<number, ChildState>;
  peerRoutes: readonly Prefix[];
  /** Hard end of the IKE SA, end of a half-open, rekeyed or dead one. */
  expiresAt: Instant | undefined;
  rekeyAt: Instant | undefined;
  /** When to authenticate anew, and when the authentication ends. */
  reauthAt: Instant | undefined;
  authenticUntil: Instant | undefined;
  /** Why an established one ends at `expiresAt`, when it is not its lifetime. */
  endCause: Cause | undefined;
  /** Last proof that the peer lives. */
  heardAt: Instant;
  /** On demand nothing is asked before then: nothing had been sent when that was looked at. */
  quietUntil: Instant | undefined;
  keepaliveAt: Instant | undefined;
  /** When an always-on peer without child SA asks for one. */
  childRetryAt: Instant | undefined;
  childFailures: number;
  /** Key in the table of half-open requests. */
  requestKey: string | undefined;
};

/** Whether the SA carries or will carry traffic: neither replaced nor on its way out. */
export function isCurrent(sa: IkeSa): boolean {
  return sa.stage.kind !== 'rekeyed' && sa.stage.kind !== 'deleting' && sa.stage.kind !== 'dead';
}

/** Whether ESP goes in UDP, RFC 3948. */
export function isEncapsulated({ natLocal, natRemote, isForced }: IkeSa): boolean {
  return natLocal || natRemote || isForced;
}

/** Whether some child SA is in use or about to be. */
export function hasLiveChild(sa: IkeSa): boolean {
  for (const child of sa.children.values()) if (child.state === 'live') return true;
  return false;
}

/** Whether the window is free and a new request may be sent. */
export function mayAsk(sa: IkeSa): boolean {
  return sa.window.state === 'free' && sa.exchange === undefined;
}

/** When the SA needs a tick: the earliest of all it waits for. */
export function ikeSaWakeAt(sa: IkeSa): Instant | undefined {
  let wake = min(windowWakeAt(sa.window), sa.expiresAt);
  wake = min(wake, reassemblyWakeAt(sa.reassemblies));
  if (sa.stage.kind !== 'established') return wake;
  wake = min(wake, sa.rekeyAt);
  wake = min(wake, sa.reauthAt);
  wake = min(wake, sa.authenticUntil);
  wake = min(wake, sa.keepaliveAt);
  wake = min(wake, sa.childRetryAt);
  if (mayAsk(sa)) wake = min(wake, livenessDueAt(sa.peer?.liveness, sa.heardAt, sa.quietUntil));
  for (const child of sa.children.values()) {
    if (child.state === 'live') wake = min(wake, child.rekeyAt);
    if (child.state !== 'deleting') wake = min(wake, child.hardAt);
  }
  return wake;
}

function min(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}

/** The SA as operators see it. */
export function snapshotOf(sa: IkeSa, now: Instant): IkeSaSnapshot {
  return {
    session: sa.session,
    peer: sa.peer?.name ?? '',
    status: statusOf(sa),
    role: sa.role,
    path: sa.path,
    localSpi: spiText(sa.localSpi),
    remoteSpi: spiText(sa.remoteSpi),
    ...(sa.authentication === undefined ? {} : { authentication: sa.authentication }),
    ...(sa.localIdentity === undefined ? {} : { localIdentity: sa.localIdentity }),
    ...(sa.remoteIdentity === undefined ? {} : { remoteIdentity: sa.remoteIdentity }),
    ...(sa.suite === undefined ? {} : sa.suite),
    since: sa.since,
    sessionSince: sa.sessionSince,
    lifetimeMs: lifetimeOf(sa, now),
    ...(sa.rekeyAt === undefined ? {} : { rekeyAt: sa.rekeyAt }),
    ...(sa.reauthAt === undefined ? {} : { reauthenticateAt: sa.reauthAt }),
    natLocal: sa.natLocal,
    natRemote: sa.natRemote,
    mobike: sa.mobility !== undefined,
    quantumSafe: sa.isQuantumSafe,
    localMessageId: nextRequestId(sa.window),
    remoteMessageId: sa.responses.nextId,
    peerRoutes: sa.peerRoutes,
    ...(sa.fragmentation === undefined
      ? {}
      : { fragmentation: { mtu: sa.fragmentation.mtu, overhead: overheadOf(sa.path) } }),
    children: [...sa.children.values()].map(childSnapshotOf),
  };
}

/** 0: no end is set. */
function lifetimeOf(sa: IkeSa, now: Instant): number {
  if (sa.lifetimeMs === 'unlimited') return 0;
  return sa.lifetimeMs ?? sa.peer?.ikeLifetimeMs ?? Math.max(0, (sa.expiresAt ?? now) - sa.since);
}

function childSnapshotOf(child: ChildState): ChildSaSnapshot {
  const { inboundSpi, outboundSpi, suite, mode, localSelectors, remoteSelectors, since, softAt, hardAt } = child;
  const rekeying = child.rekeying || child.state !== 'live';
  return {
    inboundSpi,
    outboundSpi,
    ...suite,
    mode,
    localSelectors,
    remoteSelectors,
    since,
    softAt,
    hardAt,
    rekeying,
  };
}

function statusOf(sa: IkeSa): IkeSaSnapshot['status'] {
  const { kind } = sa.stage;
  if (kind === 'established' || kind === 'rekeyed') return kind;
  return kind === 'deleting' || kind === 'dead' ? 'deleting' : 'negotiating';
}

/** 16 hexadecimal digits. */
export function spiText(spi: bigint): string {
  return spi.toString(16).padStart(16, '0');
}

/** The moment a dead SA stops answering repeats: the peer has given up by then (its tries last under a minute). */
export function deadUntil(now: Instant): Instant {
  return after(now, 60_000);
}
