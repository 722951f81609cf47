/** Finds the two ends of a tunnel: the peer's device by addresses, and behind NAT by the SPIs that both have. */
import { IpAddress } from '../base/index.ts';
import type { InterfaceModel, TunnelGroupModel } from '../config/index.ts';
import type { ModelIndex } from '../gateway/index.ts';
import type { IkeSaSnapshot } from '../ike/index.ts';
import type { Subject } from './diagnosis.ts';
import { type DeviceEvidence, type Fabric, indexOf, interfaceState, modelInterface } from './evidence.ts';
import type { TunnelCase, TunnelEnd } from './tunnel-case.ts';

const DEFAULT_GROUP = 'DefaultL2LGroup';

/**
 * Opens the case of a static tunnel (`Tunnel1` or its nameif), of a clone (`Virtual-Access1`) or of the peer that a
 * tunnel-group of a hub is for (its address). Gives what is wrong with the question otherwise.
 */
export function openCase(fabric: Fabric, subject: Readonly<{ device: string; tunnel: string }>): TunnelCase | string {
  const device = fabric.get(subject.device);
  if (device === undefined) return `there is no device ${subject.device}`;
  const peer = IpAddress.parse(subject.tunnel);
  const model =
    peer === undefined
      ? modelInterface(device, subject.tunnel)
      : device.model.interfaces.find(({ tunnel }) => tunnel?.destination?.equals(peer) === true);
  if (model?.kind === 'tunnel') return staticCase(fabric, { ...subject, tunnel: model.name }, device, model);
  const remote = remoteOf(device, subject.tunnel);
  if (remote === undefined) return `${subject.device} has no tunnel ${subject.tunnel}; ${tunnelsOf(device)}`;
  return hubCase(fabric, subject, device, remote);
}

/** The tunnel of a static VTI, seen from the device that has it. */
function staticCase(fabric: Fabric, subject: Subject, device: DeviceEvidence, tunnel: InterfaceModel): TunnelCase {
  const near = staticEnd(device, tunnel);
  const destination = tunnel.tunnel?.destination;
  const farDevice = destination === undefined ? undefined : ownerOf(fabric, destination, device);
  if (farDevice === undefined) return { fabric, subject, near, initiates: true };
  const seenByFar = seenAs(fabric, near, farDevice);
  const far = farEnd(farDevice, destination, seenByFar, near);
  return { fabric, subject, near, far, initiates: true, ...(seenByFar === undefined ? {} : { seenByFar }) };
}

/** The tunnel that a spoke begins, asked at the hub: where the spoke is known, its end is looked at first. */
function hubCase(fabric: Fabric, subject: Subject, device: DeviceEvidence, remote: IpAddress): TunnelCase {
  const found = spokeOf(fabric, device, remote);
  if (found !== undefined) return staticCase(fabric, subject, found.spoke, found.tunnel);
  return { fabric, subject, near: farEnd(device, undefined, remote, undefined), initiates: false, peer: remote };
}

type Spoke = Readonly<{ spoke: DeviceEvidence; tunnel: InterfaceModel }>;

/** The tunnel that comes from an address; failing that, one of the device there that leads nowhere. */
function spokeOf(fabric: Fabric, hub: DeviceEvidence, remote: IpAddress): Spoke | undefined {
  let stray: Spoke | undefined;
  for (const spoke of fabric.values()) {
    if (spoke === hub) continue;
    for (const tunnel of spoke.model.interfaces) {
      if (tunnel.kind !== 'tunnel') continue;
      const destination = tunnel.tunnel?.destination;
      if (destination === undefined || ownerOf(fabric, destination, spoke) === undefined) {
        if (owns(spoke, remote)) stray = { spoke, tunnel };
      } else if (owns(hub, destination) && seenAs(fabric, staticEnd(spoke, tunnel), hub)?.equals(remote) === true) {
        return { spoke, tunnel };
      }
    }
  }
  return stray;
}

function staticEnd(device: DeviceEvidence, tunnel: InterfaceModel): TunnelEnd {
  const index = indexOf(device);
  const { sourceInterface, sourceAddress, destination } = tunnel.tunnel ?? {};
  const source = sourceInterface === undefined ? undefined : index.interface(sourceInterface);
  const family = destination?.family ?? 4;
  const address = sourceAddress ?? (source === undefined ? undefined : index.sourceAddress(source, family));
  const group = destination === undefined ? undefined : groupFor(index, destination, undefined);
  const ikeSa = device.snapshot?.ike.sas.filter(({ peer }) => peer === tunnel.name).at(-1);
  return end(device, index, { tunnel, source, address, group, ikeSa, state: interfaceState(device, tunnel.name) });
}

/** The end that answers: a static tunnel back to the other end, or the template of the tunnel-group that takes it. */
function farEnd(
  device: DeviceEvidence,
  address: IpAddress | undefined,
  remote: IpAddress | undefined,
  other: TunnelEnd | undefined,
): TunnelEnd {
  const back = device.model.interfaces.find(
    ({ kind, tunnel }) => kind === 'tunnel' && remote !== undefined && tunnel?.destination?.equals(remote) === true,
  );
  if (back !== undefined) return staticEnd(device, back);
  const index = indexOf(device);
  const group = remote === undefined ? undefined : groupFor(index, remote, other);
  const number = group?.virtualTemplate;
  const tunnel = number === undefined ? undefined : index.interface(`Virtual-Template${number}`);
  const source = device.model.interfaces.find(
    ({ addresses }) => address !== undefined && addresses.some((one) => one.address.equals(address)),
  );
  const ikeSa = twinOf(device, other) ?? saFrom(device, remote);
  const state = device.snapshot?.interfaces.find(
    (one) => one.kind === 'virtual-access' && ikeSa !== undefined && one.tunnel?.session === ikeSa.session,
  );
  return end(device, index, { tunnel, source, address, group, ikeSa, state });
}

type Parts = Readonly<{
  tunnel: InterfaceModel | undefined;
  source: InterfaceModel | undefined;
  address: IpAddress | undefined;
  group: TunnelGroupModel | undefined;
  ikeSa: IkeSaSnapshot | undefined;
  state: TunnelEnd['state'] | undefined;
}>;

function end(device: DeviceEvidence, index: ModelIndex, parts: Parts): TunnelEnd {
  const { tunnel, source, address, group, ikeSa, state } = parts;
  const profile = tunnel?.tunnel?.profile === undefined ? undefined : index.profile(tunnel.tunnel.profile);
  const proposals = profile?.proposals.flatMap((name) => index.proposal(name) ?? []) ?? [];
  return {
    device,
    index,
    proposals,
    ...(tunnel === undefined ? {} : { tunnel }),
    ...(source === undefined ? {} : { source }),
    ...(address === undefined ? {} : { address }),
    ...(profile === undefined ? {} : { profile }),
    ...(group === undefined ? {} : { group }),
    ...(ikeSa === undefined ? {} : { ikeSa }),
    ...(state === undefined ? {} : { state }),
  };
}

/** The tunnel-group for a peer: the one named like its identity, like its address, or the default one. */
function groupFor(index: ModelIndex, address: IpAddress, peer: TunnelEnd | undefined): TunnelGroupModel | undefined {
  const identity = peer === undefined ? undefined : identityOf(peer);
  const named = identity === undefined ? undefined : index.group(identity);
  return named ?? index.group(address.toString()) ?? index.group(DEFAULT_GROUP);
}

/** What an end calls itself toward its peer. */
export function identityOf({ device, address }: TunnelEnd): string | undefined {
  const { ikeIdentity, hostname } = device.model;
  if (ikeIdentity.kind === 'key-id') return ikeIdentity.text;
  return ikeIdentity.kind === 'hostname' ? hostname : address?.toString();
}

/** The device that has an address on an interface of its own. */
function ownerOf(fabric: Fabric, address: IpAddress, but: DeviceEvidence): DeviceEvidence | undefined {
  return [...fabric.values()].find((one) => one !== but && owns(one, address));
}

function owns({ model }: DeviceEvidence, address: IpAddress): boolean {
  return model.interfaces.some(
    ({ kind, addresses }) => kind === 'ethernet' && addresses.some((one) => one.address.equals(address)),
  );
}

/**
 * The address that one end's packets come from, as the other device sees it. Without an IKE SA that both have, a
 * stranger who failed there and whose address no device has is taken for an end that nobody there knows by its own.
 */
function seenAs(fabric: Fabric, near: TunnelEnd, far: DeviceEvidence): IpAddress | undefined {
  const twin = twinOf(far, near)?.path.remote.address;
  if (twin !== undefined || near.address === undefined) return twin;
  const own = near.address;
  const failures = far.snapshot?.log.filter(({ code }) => code === 'ike-failed') ?? [];
  if (failures.some(({ remote }) => remote?.equals(own) === true)) return own;
  const stranger = failures.findLast(
    ({ remote }) => remote !== undefined && ownerOf(fabric, remote, far) === undefined,
  );
  return stranger?.remote ?? own;
}

/** The other end of an IKE SA: the one with the same two SPIs. */
function twinOf({ snapshot }: DeviceEvidence, end: TunnelEnd | undefined): IkeSaSnapshot | undefined {
  const sa = end?.ikeSa;
  if (sa === undefined) return undefined;
  return snapshot?.ike.sas.find((one) => one.localSpi === sa.remoteSpi && one.remoteSpi === sa.localSpi);
}

function saFrom({ snapshot }: DeviceEvidence, remote: IpAddress | undefined): IkeSaSnapshot | undefined {
  if (remote === undefined) return undefined;
  return snapshot?.ike.sas.filter(({ path }) => path.remote.address.equals(remote)).at(-1);
}

/** What a hub calls a peer: an address, a tunnel-group of that name, or a clone that serves it. */
function remoteOf(device: DeviceEvidence, name: string): IpAddress | undefined {
  const state = interfaceState(device, name);
  return state?.kind === 'virtual-access' ? state.tunnel?.destination : IpAddress.parse(name);
}

/** What could have been asked of a device. */
function tunnelsOf({ model, snapshot }: DeviceEvidence): string {
  const names = [
    ...model.interfaces.filter(({ kind }) => kind === 'tunnel').map(({ name }) => name),
    ...(snapshot?.interfaces.filter(({ kind }) => kind === 'virtual-access').map(({ name }) => name) ?? []),
    ...model.tunnelGroups.flatMap(({ name, virtualTemplate }) => (virtualTemplate === undefined ? [] : [name])),
  ];
  const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
  return shown === '' ? 'it has none' : `it has ${shown}`;
}
