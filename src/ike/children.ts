/** Child SAs coming and going: keys, entry in the tables, and what the plane is told. */
import type { SecretKey } from '../base/index.ts';
import { randomFraction } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import { describeCipher } from './describe.ts';
import type { Cause, ChildSa } from './events.ts';
import { type ChildState, hasLiveChild, type IkeSa, isEncapsulated } from './ike-sa.ts';
import { deriveChildKeys } from './keys.ts';
import { backOffMs, lifetime } from './lifetimes.ts';
import type { EspSuite } from './negotiation.ts';
import type { TrafficSelector } from './policy.ts';

/** What an exchange agreed on. */
export type Agreement = Readonly<{
  inboundSpi: number;
  suite: EspSuite;
  mode: 'tunnel' | 'transport';
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
  ni: Uint8Array;
  nr: Uint8Array;
  sharedSecret: Uint8Array | undefined;
  /** Who began the exchange that made it, which is not always who began the IKE SA. */
  role: 'initiator' | 'responder';
  replaces: ChildState | undefined;
  /** Made by IKE_AUTH. */
  isFirst: boolean;
  startOutbound: 'now' | 'after-inbound';
}>;

/** Puts a child SA into the tables and orders the plane to install it. */
export function addChild(context: IkeContext, sa: IkeSa, agreement: Agreement): ChildState {
  const child = register(context, sa, agreement);
  child.installed = true;
  context.emit({ kind: 'install-child-sa', sa: childSaOf(sa, child, agreement) });
  context.count('child-sas-made');
  const { statistics } = context;
  statistics.childSasMade++;
  if (agreement.replaces === undefined) {
    const live = statistics.childSasMade - statistics.childSasDeleted;
    statistics.peakChildSas = Math.max(statistics.peakChildSas, live);
  } else if (agreement.role === 'initiator') statistics.childRekeysInitiated++;
  else statistics.childRekeysResponded++;
  context.notice(
    sa,
    agreement.replaces === undefined ? 'child-sa-created' : 'child-sa-rekeyed',
    `child SA ${hex(child.inboundSpi)}/${hex(child.outboundSpi)} with ${describeCipher(child.suite)}`,
  );
  sa.childFailures = 0;
  sa.childRetryAt = undefined;
  return child;
}

/** A child SA that lost a collision: the peer has it until our Delete comes, the plane here never sees it. */
export function addRedundantChild(context: IkeContext, sa: IkeSa, agreement: Agreement): ChildState {
  const child = register(context, sa, agreement);
  child.state = 'deleting';
  return child;
}

/** Takes a child SA out of the tables and, if the plane has it, out of the plane. */
export function removeChild(context: IkeContext, child: ChildState, lingerMs: number, cause: Cause): void {
  const sa = child.parent;
  context.children.delete(child.inboundSpi);
  sa.children.delete(child.inboundSpi);
  context.touched.add(sa);
  uninstall(context, child, lingerMs, cause);
  planChildRetry(context, sa, false);
}

/** Stops the use of a child SA that stays in the tables until the peer has been told. */
function uninstall(context: IkeContext, child: ChildState, lingerMs: number, cause: Cause): void {
  if (!child.installed) return;
  child.installed = false;
  context.statistics.childSasDeleted++;
  const { parent, inboundSpi } = child;
  const { session } = parent;
  context.emit({ kind: 'remove-child-sa', peer: parent.peer?.name ?? '', session, inboundSpi, lingerMs, cause });
}

/** Decides that a child SA ends; the peer is told as soon as the window is free. */
export function deleteChild(context: IkeContext, child: ChildState, cause: Cause): void {
  if (child.state === 'deleting') return;
  child.state = 'deleting';
  child.cause = cause;
  child.parent.tasks.push({ kind: 'delete-child', children: [child] });
  uninstall(context, child, 0, cause);
  context.touched.add(child.parent);
  planChildRetry(context, child.parent, false);
}

/** Decides that a child SA that we replaced ends: it decrypts until the peer has answered, and then a while longer. */
export function retireChild(context: IkeContext, child: ChildState, cause: Cause): void {
  child.state = 'deleting';
  child.cause = cause;
  child.parent.tasks.push({ kind: 'delete-child', children: [child] });
  context.touched.add(child.parent);
}

/** The child of this IKE SA that the peer receives on `spi`. */
export function childByOutboundSpi(sa: IkeSa, spi: number | undefined): ChildState | undefined {
  for (const child of sa.children.values()) if (child.outboundSpi === spi) return child;
  return undefined;
}

const RESPONDER_DELAY_MS = 5_000;

/**
 * An always-on peer whose IKE SA stands without a child SA asks for one. The original initiator begins at once, the
 * other end waits five seconds longer, so that two always-on ends do not both make one.
 */
export function planChildRetry(context: IkeContext, sa: IkeSa, failed: boolean): void {
  if (sa.stage.kind !== 'established' || !sa.isUp || sa.peer?.initiate !== true || hasLiveChild(sa)) return;
  const { random } = context.environment;
  if (failed) sa.childFailures += 1;
  const delay = sa.childFailures > 0 ? backOffMs(sa.childFailures, random) : Math.round(500 * randomFraction(random));
  sa.childRetryAt = (context.now + delay + (sa.role === 'initiator' ? 0 : RESPONDER_DELAY_MS)) as IkeSa['heardAt'];
}

function register(context: IkeContext, sa: IkeSa, agreement: Agreement): ChildState {
  const { suite } = agreement;
  const { softAt, hardAt } = lifetime(context.now, policyOf(sa).lifetimeMs, context.environment.random);
  const { encr, keyBits, integ, esn, group } = suite;
  const child: ChildState = {
    inboundSpi: agreement.inboundSpi,
    outboundSpi: suite.spi,
    suite: { encr, keyBits, integ, esn, group },
    mode: agreement.mode,
    localSelectors: agreement.localSelectors,
    remoteSelectors: agreement.remoteSelectors,
    since: context.now,
    softAt,
    hardAt,
    parent: sa,
    state: 'live',
    origin: originOf(context, agreement),
    installed: false,
    rekeyAt: softAt,
    rekeying: false,
    cause: undefined,
  };
  context.children.set(child.inboundSpi, child);
  sa.children.set(child.inboundSpi, child);
  return child;
}

function childSaOf(sa: IkeSa, child: ChildState, agreement: Agreement): ChildSa {
  const { inboundSpi, outboundSpi, suite, mode, localSelectors, remoteSelectors } = child;
  const { role, replaces, startOutbound } = agreement;
  const { lifetimeMs, lifetimeBytes, replayWindow } = policyOf(sa);
  return {
    peer: sa.peer?.name ?? '',
    session: sa.session,
    inboundSpi,
    outboundSpi,
    ...suite,
    mode,
    ...keysOf(sa, agreement),
    localSelectors,
    remoteSelectors,
    path: sa.path,
    udpEncapsulation: isEncapsulated(sa),
    replayWindow,
    lifetimeMs,
    ...(lifetimeBytes === undefined ? {} : { softBytes: Math.floor(lifetimeBytes * 0.95), hardBytes: lifetimeBytes }),
    ...(replaces?.installed === true ? { replaces: replaces.inboundSpi } : {}),
    startOutbound,
    role,
  };
}

/** Where it comes from, if from a request for a child SA where there was none; a rekeyed one has it of the one before. */
function originOf(context: IkeContext, agreement: Agreement): ChildState['origin'] {
  const { isFirst, replaces, role, inboundSpi, suite } = agreement;
  if (isFirst) return undefined;
  if (replaces !== undefined) return replaces.origin;
  return { askedBy: role, lowerSpi: Math.min(inboundSpi, suite.spi), since: context.now };
}

type DirectedKeys = Readonly<{
  inboundKey: SecretKey;
  outboundKey: SecretKey;
  inboundIntegKey?: SecretKey;
  outboundIntegKey?: SecretKey;
}>;

function keysOf(sa: IkeSa, { suite, ni, nr, sharedSecret, role }: Agreement): DirectedKeys {
  if (sa.skD === undefined || sa.suite === undefined) throw new Error('a child SA is made without keys of its IKE SA');
  const { encr, keyBits, integ } = suite;
  const keys = deriveChildKeys({
    prf: sa.suite.prf,
    skD: sa.skD,
    ni,
    nr,
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    encr,
    keyBits,
    integ,
  });
  const { initiatorKey, responderKey, initiatorIntegKey, responderIntegKey } = keys;
  const isOurs = role === 'initiator';
  const inboundIntegKey = isOurs ? responderIntegKey : initiatorIntegKey;
  const outboundIntegKey = isOurs ? initiatorIntegKey : responderIntegKey;
  return {
    inboundKey: isOurs ? responderKey : initiatorKey,
    outboundKey: isOurs ? initiatorKey : responderKey,
    ...(inboundIntegKey === undefined ? {} : { inboundIntegKey }),
    ...(outboundIntegKey === undefined ? {} : { outboundIntegKey }),
  };
}

function policyOf(sa: IkeSa) {
  if (sa.peer === undefined) throw new Error('a child SA is made for an unknown peer');
  return sa.peer.child;
}

function hex(spi: number): string {
  return `0x${spi.toString(16).padStart(8, '0')}`;
}
