/** The tunnel-group for the peer: there is none, or it has no keys. */
import { IpAddress } from '../../base/index.ts';
import type { TunnelGroupModel } from '../../config/index.ts';
import type { Edit } from '../diagnosis.ts';
import { failuresSeen, nearFailure, remoteAddress, tell } from '../failure.ts';
import { identityOf } from '../open-case.ts';
import { findLine, insertAfter, lineOf, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

/** The near end has no group for the address that its tunnel leads to. */
export const tunnelGroup: TunnelRule = (one) => {
  const { near, far } = one;
  const remote = remoteAddress(one);
  if (remote === undefined) return undefined;
  if (near.group !== undefined) return keyless(near, far);
  if (near.tunnel?.kind !== 'tunnel') return far === undefined ? stranger(one, remote) : missingAt(near, far, remote);
  return missingAt(near, far, remote);
};

/** The far end has none for us: it answers IKE_SA_INIT and refuses IKE_AUTH. */
export const farTunnelGroup: TunnelRule = (one) => {
  const { near, far, seenByFar } = one;
  if (far === undefined || seenByFar === undefined) return undefined;
  const found = far.group === undefined ? missingAt(far, near, seenByFar) : keyless(far, near);
  return found === undefined ? undefined : { ...found, evidence: failuresSeen(one) };
};

function missingAt(end: TunnelEnd, other: TunnelEnd | undefined, remote: IpAddress): Finding {
  const { device, tunnel } = end;
  const name = other === undefined ? remote.toString() : (identityName(end, other) ?? remote.toString());
  const stray = strayGroup(end);
  const needs = tunnel?.kind === 'tunnel' ? [lineOf(device, tunnel.written, 'destination')] : theirLines(other);
  const edit = stray === undefined ? added(end, other, name) : renamed(end, stray, name);
  return {
    code: stray === undefined ? 'tunnel-group-missing' : 'tunnel-group-name',
    claim:
      stray === undefined
        ? `${device.name} has no tunnel-group ${name} and no default one with keys`
        : `${device.name} has no tunnel-group ${name}; the tunnel-group ${stray.name} fits no peer`,
    lines: [...needs, ...(stray === undefined ? [] : [lineOf(device, stray.written)])],
    edits: [...(edit === undefined ? [] : [edit]), ...(other === undefined ? ledTo(end, stray) : [])],
    ...(edit === undefined && other === undefined
      ? { missing: `for a new tunnel-group ${name} here, the two pre-shared keys of its tunnel-group for us` }
      : {}),
  };
}

/** With the other end unknown it may as well be the destination that is wrong. */
function ledTo({ device, tunnel }: TunnelEnd, stray: TunnelGroupModel | undefined): readonly Edit[] {
  if (tunnel?.kind !== 'tunnel' || stray === undefined || IpAddress.parse(stray.name) === undefined) return [];
  const change = { text: `tunnel destination ${stray.name}`, why: 'leads to the peer of that tunnel-group' };
  return [setAttribute(device, tunnel.written, 'destination', change)];
}

/** Somebody whom only the journal knows was turned away. */
function stranger(one: TunnelCase, remote: IpAddress): Finding | undefined {
  const failure = nearFailure(one);
  const { device } = one.near;
  if (failure?.cause.code !== 'unknown-peer') return undefined;
  return {
    code: 'tunnel-group-missing',
    claim: `${device.name} has no tunnel-group for ${remote}`,
    evidence: [tell(device.name, failure)],
    missing: `for a new tunnel-group ${remote} here, the two pre-shared keys of its tunnel-group for us`,
  };
}

/** A group without one of the keys. */
function keyless({ device, group }: TunnelEnd, other: TunnelEnd | undefined): Finding | undefined {
  if (group === undefined) return undefined;
  const { localKey, localTrustpoint, remoteKey, remoteCertificate } = group;
  const provesNothing = localKey === undefined && localTrustpoint === undefined;
  const acceptsNothing = remoteKey === undefined && remoteCertificate !== true;
  const side = provesNothing ? 'local' : acceptsNothing ? 'remote' : undefined;
  if (side === undefined) return undefined;
  const needed = side === 'local' ? other?.group?.remoteKey : other?.group?.localKey;
  const place = findLine(device, new RegExp(`^tunnel-group ${group.name.replaceAll('.', '\\.')} ipsec-attributes`));
  const text = ` ikev2 ${side}-authentication pre-shared-key *****`;
  const why = `the key that ${other?.device.name} ${side === 'local' ? 'expects' : 'proves'}`;
  return {
    code: 'key-missing',
    claim: `tunnel-group ${group.name} of ${device.name} has no ikev2 ${side}-authentication pre-shared-key`,
    lines: [lineOf(device, group.written)],
    edits:
      needed === undefined || place === undefined ? [] : [insertAfter(device, place, { text, secrets: [needed], why })],
    ...(other === undefined
      ? { missing: `ikev2 ${side === 'local' ? 'remote' : 'local'}-authentication with the key that is to stand here` }
      : {}),
  };
}

/** What the name has to be so that the end finds the group: its identity, unless that is only an address of ours. */
function identityName(end: TunnelEnd, other: TunnelEnd): string | undefined {
  return end.tunnel?.kind === 'tunnel' ? undefined : identityOf(other);
}

function theirLines(other: TunnelEnd | undefined) {
  const { tunnel, source, device } = other ?? {};
  if (device === undefined) return [];
  return tunnel?.kind === 'tunnel'
    ? [lineOf(device, source?.written ?? tunnel.written, source === undefined ? 'source' : 'addresses')]
    : source === undefined
      ? []
      : [lineOf(device, source.written, 'addresses')];
}

/** A group that is named for an address to which no tunnel leads: a slip of the name. */
function strayGroup({ device, tunnel }: TunnelEnd): TunnelGroupModel | undefined {
  const { interfaces, tunnelGroups } = device.model;
  if (tunnel?.kind !== 'tunnel') return undefined;
  const wanted = new Set(interfaces.map((one) => one.tunnel?.destination?.toString()));
  return tunnelGroups.find(
    ({ name, type, virtualTemplate, localKey }) =>
      type === 'ipsec-l2l' && virtualTemplate === undefined && localKey !== undefined && !wanted.has(name),
  );
}

/** The section lines of a group with another name. */
function renamed({ device }: TunnelEnd, { name, written }: TunnelGroupModel, wanted: string): Edit | undefined {
  const lines = device.configuration.text.split('\n');
  const from = written.start.line - 1;
  let count = 0;
  while (lines[from + count]?.startsWith(`tunnel-group ${name} `) === true) count++;
  if (count === 0) return undefined;
  const text = lines
    .slice(from, from + count)
    .map((line) => line.replace(name, wanted))
    .join('\n');
  return {
    device: device.name,
    file: written.start.file,
    line: written.start.line,
    column: 1,
    action: 'replace',
    count,
    text,
    why: `names it for ${wanted}`,
  };
}

/** A whole group with the other end's keys the other way round. */
function added(end: TunnelEnd, other: TunnelEnd | undefined, name: string): Edit | undefined {
  const { localKey, remoteKey } = other?.group ?? {};
  if (localKey === undefined || remoteKey === undefined) return undefined;
  const { device, tunnel } = end;
  const template = tunnel?.kind === 'tunnel' ? undefined : templateNumber(end);
  const place = findLine(device, /^tunnel-group /) ?? findLine(device, /^router bgp /);
  if (place === undefined) return undefined;
  const lines = [
    `tunnel-group ${name} type ipsec-l2l`,
    `tunnel-group ${name} ipsec-attributes`,
    ...(template === undefined ? [] : [` virtual-template ${template}`]),
    ' ikev2 remote-authentication pre-shared-key *****',
    ' ikev2 local-authentication pre-shared-key *****',
    ' ikev2 route set interface',
  ];
  return insertAfter(
    device,
    { ...place, line: place.line - 1 },
    { text: lines.join('\n'), secrets: [localKey, remoteKey], why: "with the other side's keys the other way round" },
  );
}

function templateNumber({ device }: TunnelEnd): string | undefined {
  const template = device.model.interfaces.find(({ kind }) => kind === 'virtual-template');
  return template?.name.replace(/^\D+/, '');
}
