/**
 * Moving an IKE SA with MOBIKE, RFC 4555 sections 3.5 to 3.8. The initiator of the first IKE SA decides:
 *
 *     who decides                                                  the other
 *     HDR, SK { N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*),
 *               [N(ADDITIONAL_*)], [N(COOKIE2)] }              -->
 *                                  <--  HDR, SK { N(NAT_DETECTION_*) | N(UNACCEPTABLE_ADDRESSES) | ... }
 *                                  <--  HDR, SK { N(COOKIE2) }      if it wants to see that the address is true
 *     HDR, SK { N(COOKIE2) }       -->
 */
import { bytesEqual, type IpAddress } from '../base/index.ts';
import { deleteIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import type { IkeSa, Mobility, Task } from './ike-sa.ts';
import { addressPayloads, addressText, breaksNatProhibition, toldAddresses } from './mobility.ts';
import { detectNat, natNotifies } from './nat-detection.ts';
import { otherPaths, pathBetween, samePath, setPath, tellPath } from './paths.ts';
import { notify, pickNotify } from './payloads.ts';
import { addressesIn, type IkePath } from './policy.ts';
import { headerSpis, sendAlso, sendRequest } from './sending.ts';
import { timesSent } from './window.ts';
import { ExchangeType, NotifyType, type Payload } from './wire/message.ts';

const COOKIE2_LENGTH = 16;
/** A request sent so often without an answer goes out by all other paths too. */
export const PROBED_FROM = 3;
/** How often more a liveness check is sent where there are other paths. */
export const PROBES = 3;

/**
 * We decide that the IKE SA goes another way: at once for ourselves, and the peer is told as soon as the window is
 * free (section 3.5). Until it has answered whether there is a NAT, the child SAs are carried as they were.
 */
export function moveIkeSa(context: IkeContext, sa: IkeSa, path: IkePath): void {
  const { mobility } = sa;
  if (mobility === undefined || !mobility.decides) return;
  mobility.isUpdating = true;
  mobility.seenAs = undefined;
  // Where the peer was it may be again.
  const left = sa.path.remote.address;
  const others = mobility.peerAddresses.filter((one) => !one.equals(path.remote.address) && !one.equals(left));
  mobility.peerAddresses = left.equals(path.remote.address) ? others : [...others, left];
  setPath(context, sa, path);
  context.count('mobike-moves');
  sa.tasks = [{ kind: 'update-addresses' }, ...sa.tasks.filter(({ kind }) => kind !== 'update-addresses')];
}

/** Our own addresses changed, or the one to prefer: whoever decides moves, the other end tells what it has. */
export function reviewAddresses(context: IkeContext, sa: IkeSa, prefer: IpAddress | undefined): void {
  const { mobility, path } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established') return;
  const has = (address: IpAddress): boolean => addressesIn(context.config, path).some((own) => own.equals(address));
  const wanted =
    prefer !== undefined && has(prefer) && prefer.family === path.remote.address.family ? prefer : undefined;
  const target = wanted ?? (has(path.local.address) ? path.local.address : undefined);
  if (target === undefined || !target.equals(path.local.address)) {
    const next =
      target === undefined ? otherPaths(context, sa, wanted)[0] : pathBetween(sa, target, path.remote.address);
    // Without any address there is nothing to do but wait for one.
    if (next === undefined) return;
    if (mobility.decides) {
      moveIkeSa(context, sa, next);
      return;
    }
    if (!has(path.local.address)) setPath(context, sa, next);
  }
  if (addressText(context, sa) !== mobility.told) pushOnce(context, sa, { kind: 'tell-addresses' });
}

/** Tells the peer that the IKE SA and its child SAs are here now. */
export function startUpdateAddresses(context: IkeContext, sa: IkeSa): boolean {
  const { mobility, path } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established') return false;
  mobility.told = addressText(context, sa);
  sa.exchange = { kind: 'update-addresses', path };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, [
    notify(NotifyType.UPDATE_SA_ADDRESSES),
    ...natNotifies(headerSpis(sa), path, sa.isForced),
    ...addressPayloads(context, sa),
  ]);
  return true;
}

/** Tells our further addresses (section 3.6). */
export function startTellAddresses(context: IkeContext, sa: IkeSa): boolean {
  const { mobility } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established') return false;
  mobility.told = addressText(context, sa);
  sa.exchange = { kind: 'tell-addresses' };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, addressPayloads(context, sa));
  return true;
}

/** Asks for a cookie back from where the peer says it is (section 3.7). */
export function startReturnRoutability(context: IkeContext, sa: IkeSa): boolean {
  if (sa.mobility === undefined || sa.stage.kind !== 'established') return false;
  const cookie = context.environment.random(COOKIE2_LENGTH);
  sa.exchange = { kind: 'return-routability', cookie, path: sa.path };
  sendRequest(context, sa, ExchangeType.INFORMATIONAL, [notify(NotifyType.COOKIE2, cookie)]);
  return true;
}

/** What the peer says to the move. Of an earlier move it does not count any more: another update waits its turn. */
export function finishUpdateAddresses(
  context: IkeContext,
  sa: IkeSa,
  asked: IkePath,
  payloads: readonly Payload[],
): void {
  const { mobility } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established' || !samePath(asked, sa.path)) return;
  const unacceptable = pickNotify(payloads, NotifyType.UNACCEPTABLE_ADDRESSES) !== undefined;
  if (unacceptable || pickNotify(payloads, NotifyType.UNEXPECTED_NAT_DETECTED) !== undefined) {
    const text = unacceptable ? 'the peer does not accept the new addresses' : 'the peer found a NAT where none may be';
    context.notice(sa, unacceptable ? 'unacceptable-addresses' : 'unexpected-nat-detected', text);
    const paths = otherPaths(context, sa);
    const next = paths[mobility.refused % Math.max(1, paths.length)];
    mobility.refused += 1;
    if (next !== undefined && mobility.refused <= paths.length) moveIkeSa(context, sa, next);
    return;
  }
  mobility.isUpdating = false;
  mobility.refused = 0;
  noteMapping(mobility, payloads);
  const nat = detectNat(payloads, headerSpis(sa), sa.path);
  if (nat.supported) setPath(context, sa, sa.path, nat);
  context.notice(sa, 'mobike-moved', `the peer follows to ${sa.path.local.address} - ${sa.path.remote.address}`);
}

/** The cookie came back, so the peer is where it says; another one is a breach of the rules (section 4.2.5). */
export function finishReturnRoutability(
  context: IkeContext,
  sa: IkeSa,
  asked: Readonly<{ cookie: Uint8Array; path: IkePath }>,
  payloads: readonly Payload[],
): void {
  const { mobility } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established') return;
  const back = pickNotify(payloads, NotifyType.COOKIE2);
  if (back === undefined || !bytesEqual(back.data, asked.cookie)) {
    context.count('cookie2-mismatch');
    const cause: Cause = { code: 'cookie2-mismatch', text: 'the peer gave another cookie back than it was asked for' };
    context.notice(sa, cause.code, cause.text);
    deleteIkeSa(context, sa, cause);
    return;
  }
  if (!mobility.isUnproven) return;
  if (samePath(sa.path, asked.path)) {
    mobility.isUnproven = false;
    tellPath(context, sa);
  } else pushOnce(context, sa, { kind: 'return-routability' });
}

/** The answer to what a request of the peer says about addresses; nothing when it says nothing. */
export function answerMobility(
  context: IkeContext,
  sa: IkeSa,
  payloads: readonly Payload[],
  path: IkePath,
): readonly Payload[] {
  const { mobility } = sa;
  if (mobility === undefined || sa.stage.kind !== 'established') return [];
  const cookie = pickNotify(payloads, NotifyType.COOKIE2);
  const answer: Payload[] = cookie === undefined ? [] : [notify(NotifyType.COOKIE2, cookie.data)];
  if (breaksNatProhibition(payloads, path)) return [...answer, notify(NotifyType.UNEXPECTED_NAT_DETECTED)];
  const told = toldAddresses(payloads);
  if (told !== undefined) mobility.peerAddresses = told;
  const nat = detectNat(payloads, headerSpis(sa), path);
  // Section 3.8: who asks how it is seen is told.
  if (nat.supported) answer.push(...natNotifies(headerSpis(sa), path, sa.isForced));
  if (pickNotify(payloads, NotifyType.UPDATE_SA_ADDRESSES) !== undefined && !mobility.decides) {
    if (!isAcceptable(path.remote.address)) return [...answer, notify(NotifyType.UNACCEPTABLE_ADDRESSES)];
    context.count('mobike-updates-answered');
    const flags = nat.supported ? nat : { local: sa.natLocal, remote: sa.natRemote };
    if (sa.peer?.returnRoutability === true && !samePath(path, sa.path)) {
      // IKE speaks with the peer at the new place; its traffic follows when the cookie came back (section 3.5).
      mobility.isUnproven = true;
      pushOnce(context, sa, { kind: 'return-routability' });
    }
    setPath(context, sa, path, flags);
  } else if (told !== undefined && mobility.decides && !samePath(path, sa.path)) {
    // The peer lost the address that we use: it tells the others from one of them (section 3.6).
    const isGone = !told.some((address) => address.equals(sa.path.remote.address));
    if (isGone && isAcceptable(path.remote.address)) moveIkeSa(context, sa, path);
  }
  return answer;
}

/** Nobody answers by the path in use: the same request goes by all others, as the peer answers where it came from. */
export function probeOtherPaths(context: IkeContext, sa: IkeSa): void {
  if (sa.mobility?.decides !== true || sa.stage.kind !== 'established' || timesSent(sa.window) < PROBED_FROM) return;
  for (const path of otherPaths(context, sa)) {
    context.count('paths-probed');
    sendAlso(context, sa, path);
  }
}

/**
 * A response came by another path than the one in use: the request had been sent by all there are, because nothing
 * came back by that one. So this is the path from now on.
 */
export function takeProbedPath(context: IkeContext, sa: IkeSa, path: IkePath, wasProbed: boolean): void {
  const { mobility } = sa;
  if (mobility?.decides !== true || !wasProbed || sa.stage.kind !== 'established' || samePath(path, sa.path)) return;
  if (!otherPaths(context, sa).some((pair) => samePath(pair, path))) return;
  context.notice(sa, 'mobike-probed', `an answer came by ${path.local.address} - ${path.remote.address}`);
  moveIkeSa(context, sa, path);
}

/** How the peer sees us: when that changes, the NAT before us forgot its mapping and made another (section 3.8). */
export function checkMapping(context: IkeContext, sa: IkeSa, payloads: readonly Payload[]): void {
  const { mobility } = sa;
  if (mobility?.decides !== true || sa.stage.kind !== 'established') return;
  const before = mobility.seenAs;
  noteMapping(mobility, payloads);
  if (before === undefined || mobility.seenAs === undefined || bytesEqual(before, mobility.seenAs)) return;
  context.notice(sa, 'nat-mapping-changed', 'the NAT before us has another mapping for the IKE SA');
  context.count('nat-mappings-changed');
  pushOnce(context, sa, { kind: 'update-addresses' });
}

/** What a liveness check asks besides, behind a NAT: how it is seen. */
export function mappingQuestion(sa: IkeSa): readonly Payload[] {
  return sa.mobility?.decides === true && sa.natLocal ? natNotifies(headerSpis(sa), sa.path, sa.isForced) : [];
}

function noteMapping(mobility: Mobility, payloads: readonly Payload[]): void {
  const seen = pickNotify(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP);
  if (seen !== undefined) mobility.seenAs = seen.data.slice();
}

/** An address that can be one peer's. */
function isAcceptable(address: IpAddress): boolean {
  return !address.isMulticast && !address.isUnspecified;
}

function pushOnce(context: IkeContext, sa: IkeSa, task: Task): void {
  if (!sa.tasks.some(({ kind }) => kind === task.kind)) sa.tasks.push(task);
  context.touched.add(sa);
}
