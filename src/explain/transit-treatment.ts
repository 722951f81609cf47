/** What an ASA in the path does to the TCP segments of a session, and which of its lines say so. */
import type { Endpoint } from '../base/index.ts';
import type { DeviceModel, TcpMapModel, TransitClassModel, TransitPolicyModel } from '../config/index.ts';
import { ModelIndex, trafficClassEntries } from '../gateway/index.ts';
import type { PlaneFilterEntry } from '../plane/contract.ts';

const TCP = 6;
/** RFC 2385. */
export const MD5_OPTION = 19;

/** A connection by its first segment; interfaces are hardware names. */
export type Flow = Readonly<{ source: Endpoint; destination: Endpoint; from: string | undefined; to: string }>;

/** A class of a policy that is in force where a flow passes, or that is in force nowhere. */
export type Speaking = Readonly<{ policy: TransitPolicyModel; part: TransitClassModel }>;

export type Treatment = Readonly<{
  randomises: boolean;
  signature: 'allow' | 'clear' | 'drop';
  /** Who speaks of sequence numbers, and of options. */
  connection?: Speaking;
  normalisation?: Speaking;
}>;

/** Of several classes that fit, the first that says something of a kind counts; policies of interfaces come first. */
export function treatmentOf(model: DeviceModel, flow: Flow): Treatment {
  const all = inForce(model, flow).flatMap((policy) => fitting(model, policy, flow));
  const connection = all.find(({ part }) => saysConnection(part));
  const normalisation = all.find(({ part }) => mapOf(model, part) !== undefined);
  return {
    randomises: connection?.part.randomSequenceNumbers ?? true,
    signature: signatureOf(normalisation && mapOf(model, normalisation.part)),
    ...(connection === undefined ? {} : { connection }),
    ...(normalisation === undefined ? {} : { normalisation }),
  };
}

/** Classes that fit a flow, of policies that hold nowhere. */
export function unbound(model: DeviceModel, flow: Flow): readonly Speaking[] {
  const bound = new Set((model.servicePolicies ?? []).map(({ policy }) => policy));
  const free = (model.transitPolicies ?? []).filter(({ name }) => !bound.has(name));
  return free.flatMap((policy) => fitting(model, policy, flow));
}

/** Classes that fit a flow, of policies that hold where it passes. */
export function bound(model: DeviceModel, flow: Flow): readonly Speaking[] {
  return inForce(model, flow).flatMap((policy) => fitting(model, policy, flow));
}

/** Whether security levels and access lists let the first segment of a flow through. */
export function mayBegin(model: DeviceModel, { source, destination, from, to }: Flow): boolean {
  const index = new ModelIndex(model);
  const [one, other] = [from === undefined ? undefined : index.interface(from), index.interface(to)];
  const judged = (direction: 'in' | 'out', alias: string | undefined): boolean | undefined => {
    const group = model.accessGroups?.find((each) => each.direction === direction && each.interface === alias);
    const list = group && model.accessLists.find(({ name }) => name === group.accessList);
    if (list === undefined) return undefined;
    const fits = list.entries.find(
      (entry) => !entry.inactive && fitsEntry({ ...entry, permit: entry.action === 'permit' }, source, destination),
    );
    return fits?.action === 'permit';
  };
  const inward = judged('in', one?.alias) ?? judged('in', undefined);
  if (inward === false || judged('out', other?.alias) === false) return false;
  if (inward === true || one?.kind === 'tunnel' || other?.kind === 'tunnel') return true;
  const [a, b] = [one?.securityLevel ?? 0, other?.securityLevel ?? 0];
  if (one === other) return model.sameSecurityPermit.intraInterface;
  return a === b ? model.sameSecurityPermit.interInterface : a > b;
}

/** What becomes of a signature under a map; undefined: without one. */
export function signatureOf(map: TcpMapModel | undefined): 'allow' | 'clear' | 'drop' {
  const rules = (map?.options ?? []).filter(({ from, to }) => from <= MD5_OPTION && MD5_OPTION <= to);
  return rules.at(-1)?.treatment ?? 'clear';
}

export function mapOf(model: DeviceModel, { tcpMap }: TransitClassModel): TcpMapModel | undefined {
  return tcpMap === undefined ? undefined : model.tcpMaps?.find(({ name }) => name === tcpMap);
}

function inForce(model: DeviceModel, { from, to }: Flow): readonly TransitPolicyModel[] {
  const index = new ModelIndex(model);
  const aliases = [from, to].map((name) => (name === undefined ? undefined : index.interface(name)?.alias));
  const services = model.servicePolicies ?? [];
  const here = services.filter(({ interface: alias }) => alias !== undefined && aliases.includes(alias));
  const names = [...here, ...services.filter(({ interface: alias }) => alias === undefined)].map(
    ({ policy }) => policy,
  );
  return names.flatMap((name) => model.transitPolicies?.find((one) => one.name === name) ?? []);
}

function fitting(model: DeviceModel, policy: TransitPolicyModel, { source, destination }: Flow): readonly Speaking[] {
  return policy.classes
    .filter(({ trafficClass }) => {
      const found = trafficClassEntries(model, trafficClass).find((entry) => fitsEntry(entry, source, destination));
      return found?.permit === true;
    })
    .map((part) => ({ policy, part }));
}

function saysConnection(part: TransitClassModel): boolean {
  const { randomSequenceNumbers, idleMs, halfClosedMs, embryonicMs, maxConnections, maxEmbryonic } = part;
  const said = [randomSequenceNumbers, idleMs, halfClosedMs, embryonicMs, maxConnections, maxEmbryonic];
  return said.some((value) => value !== undefined);
}

function fitsEntry(entry: PlaneFilterEntry, source: Endpoint, destination: Endpoint): boolean {
  if (entry.protocol !== 0 && entry.protocol !== TCP) return false;
  return (
    entry.source.some((one) => one.contains(source.address)) &&
    entry.destination.some((one) => one.contains(destination.address)) &&
    isWithin(source.port, entry.sourcePorts) &&
    isWithin(destination.port, entry.destinationPorts)
  );
}

function isWithin(port: number, range: Readonly<{ from: number; to: number }> | undefined): boolean {
  return range === undefined || (port >= range.from && port <= range.to);
}
