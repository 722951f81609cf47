/** IKE's effects told to the journal: who speaks with whom, about which SAs, and why. */
import type { Endpoint } from '../base/index.ts';
import { type Cause, type ChildSa, type Identity, type IkeEffect, type IkePath, identityText } from '../ike/index.ts';
import type { Context } from './context.ts';
import type { ChildSaDetails, IkeDetails } from './event.ts';
import { causeText } from './journal.ts';

export function tellIkeUp(context: Context, effect: Extract<IkeEffect, { kind: 'ike-sa-up' }>): void {
  const { session, peer, path, role, identity } = effect;
  context.sessions.set(session, { since: context.now, path, role });
  context.log(5, 'ike-sa-up', `IKE SA with ${path.remote.address} is up (${role})`, {
    subject: peer,
    remote: path.remote.address,
    details: { ...ikeDetails(context, path, peer, session), ...named(identity), role },
  });
}

export function tellIkeDown(context: Context, effect: Extract<IkeEffect, { kind: 'ike-sa-down' }>): void {
  const { session, peer, path, cause, identity } = effect;
  const known = context.sessions.get(session);
  context.sessions.delete(session);
  const totals = context.counters().accounts?.find(({ account }) => account === session)?.totals;
  context.log(5, 'ike-sa-down', `IKE SA of ${peer} is down: ${causeText(cause)}`, {
    subject: peer,
    remote: path.remote.address,
    cause,
    details: {
      ...ikeDetails(context, path, peer, session),
      ...named(identity),
      ...(known === undefined ? {} : { role: known.role }),
      lived: {
        durationMs: known === undefined ? 0 : context.now - known.since,
        bytesSent: totals?.outboundBytes ?? 0,
        bytesReceived: totals?.inboundBytes ?? 0,
      },
    },
  });
}

export function tellIkeFailed(context: Context, effect: Extract<IkeEffect, { kind: 'ike-failed' }>): void {
  const { peer, path, cause, role } = effect;
  context.log(4, 'ike-failed', `IKE negotiation with ${path.remote.address} failed: ${causeText(cause)}`, {
    cause,
    remote: path.remote.address,
    ...(peer === undefined ? {} : { subject: peer }),
    details: { ...ikeDetails(context, path, peer), role },
  });
}

export function tellMoved(context: Context, effect: Extract<IkeEffect, { kind: 'path-changed' }>): void {
  const { session, peer, path, initiatorSpi, responderSpi } = effect;
  const known = context.sessions.get(session);
  const previous = known?.path;
  if (known !== undefined) known.path = path;
  const isOurs = previous !== undefined && endpointText(previous.remote) === endpointText(path.remote);
  const [before, after] = isOurs ? [previous.local, path.local] : [previous?.remote, path.remote];
  const from = before === undefined ? '' : ` from ${endpointText(before)}`;
  const who = isOurs ? `our end of ${peer}` : peer;
  // Only how ESP is carried changed, where both ends are what they were.
  if (before !== undefined && endpointText(before) === endpointText(after)) return;
  context.log(5, isOurs ? 'local-moved' : 'peer-moved', `${who} moved${from} to ${endpointText(after)}`, {
    subject: peer,
    remote: path.remote.address,
    details: {
      ...ikeDetails(context, path, peer, session),
      ...(previous === undefined ? {} : { moved: { ...previous, initiatorSpi, responderSpi } }),
    },
  });
}

export function tellNotice(context: Context, effect: Extract<IkeEffect, { kind: 'notice' }>): void {
  const { peer, path, code, text, cause } = effect;
  context.log(7, code, text, {
    ...(peer === undefined ? {} : { subject: peer }),
    ...(path === undefined ? {} : { remote: path.remote.address, details: noticeDetails(context, path, peer, code) }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function noticeDetails(context: Context, path: IkePath, name: string | undefined, code: string): IkeDetails {
  const details = ikeDetails(context, path, name);
  const child = name === undefined || code !== 'ike-sa-initiated' ? undefined : context.peersByName.get(name)?.child;
  if (child === undefined) return details;
  const { localSelectors, remoteSelectors } = child;
  return { ...details, role: 'initiator', localSelectors, remoteSelectors };
}

export function tellChildUp(context: Context, name: string, sa: ChildSa): void {
  context.log(6, 'child-sa-up', `${name}: child SA 0x${hex(sa.inboundSpi)} in, 0x${hex(sa.outboundSpi)} out`, {
    subject: name,
    remote: sa.path.remote.address,
    details: childSaDetails(context, name, sa),
  });
}

export function tellChildDown(
  context: Context,
  name: string,
  inboundSpi: number,
  sa: ChildSa | undefined,
  cause: Cause,
): void {
  context.log(6, 'child-sa-down', `${name}: child SA 0x${hex(inboundSpi)} is gone: ${causeText(cause)}`, {
    subject: name,
    cause,
    ...(sa === undefined ? {} : { remote: sa.path.remote.address, details: childSaDetails(context, name, sa) }),
  });
}

function named(identity: Identity | undefined): Pick<IkeDetails, 'identity'> {
  return identity === undefined ? {} : { identity: identityText(identity) };
}

function ikeDetails(
  context: Context,
  { local, remote }: IkePath,
  name: string | undefined,
  session?: number,
): IkeDetails {
  const peer = name === undefined ? undefined : context.peersByName.get(name);
  return {
    kind: 'ike',
    local,
    remote,
    ...(peer === undefined ? {} : { group: peer.group }),
    // A static peer bears the name of its tunnel.
    ...(peer?.remote === undefined ? {} : { interface: peer.name }),
    ...(session === undefined ? {} : { session }),
  };
}

/** All of a child SA but its keys. */
function childSaDetails(context: Context, name: string, sa: ChildSa): ChildSaDetails {
  const { peer, path, session, role, inboundSpi, outboundSpi, localSelectors, remoteSelectors, replaces } = sa;
  const alias = context.interfaces?.get(name)?.alias;
  const group = context.peersByName.get(peer)?.group;
  return {
    kind: 'child-sa',
    interface: name,
    ...(alias === undefined ? {} : { alias }),
    local: path.local,
    remote: path.remote,
    ...(group === undefined ? {} : { group }),
    session,
    role,
    inboundSpi,
    outboundSpi,
    localSelectors,
    remoteSelectors,
    ...(replaces === undefined ? {} : { replaces }),
  };
}

function endpointText({ address, port }: Endpoint): string {
  return address.family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function hex(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}
