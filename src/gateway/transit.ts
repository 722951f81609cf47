/** An ASA's policy for TCP in transit as the plane takes it, and what the plane tells of connections. */
import { Prefix } from '../base/index.ts';
import type { DeviceModel, TcpMapModel, TrafficMatchModel, TransitClassModel } from '../config/index.ts';
import { Protocol } from '../ip/index.ts';
import type {
  PlaneEvent,
  PlaneFilterEntry,
  PlaneTcpNormalisation,
  PlaneTimeouts,
  PlaneTransitPolicy,
  PlaneTransitRule,
  TransitEnd,
} from '../plane/contract.ts';
import type { Context } from './context.ts';
import type { ConnectionDetails } from './event.ts';
import { entriesOf } from './filters.ts';

const DEFAULT_TIMEOUTS: PlaneTimeouts = { idleMs: 3_600_000, halfClosedMs: 600_000, embryonicMs: 30_000 };

/** As without a map: what an ASA does not know it clears, and MD5 signatures (19) with it. */
const DEFAULT_NORMALISATION: PlaneTcpNormalisation = {
  options: [
    { from: 6, to: 7, treatment: 'clear' },
    { from: 9, to: 255, treatment: 'clear' },
  ],
  urgentFlag: 'clear',
  reservedBits: 'allow',
  verifiesChecksum: false,
};

/** What an ASA does that was told nothing. */
export const ASA_TRANSIT_DEFAULTS: PlaneTransitPolicy = {
  rules: [],
  normalisation: DEFAULT_NORMALISATION,
  timeouts: DEFAULT_TIMEOUTS,
};

/** The class that all other connections are of. */
const REST = 'class-default';

/** TCP ports of an ASA's default inspections: FTP, SMTP, SunRPC, SQL*Net, HTTP, H.323, RTSP, SIP, Skinny, RSH, CTIQBE. */
const INSPECTED_PORTS = [21, 25, 80, 111, 514, 554, 1521, 1720, 2000, 2748, 5060];

const ANYWHERE = [Prefix.all(4), Prefix.all(6)];
const EVERYTHING: PlaneFilterEntry = { permit: true, protocol: 0, source: ANYWHERE, destination: ANYWHERE };

/** Undefined: the device does nothing to what passes through it, as an IOS-XE router. */
export function transitPolicyOf(model: DeviceModel): PlaneTransitPolicy | undefined {
  if (model.dialect !== 'asa') return undefined;
  const services = model.servicePolicies ?? [];
  const rules = [...services]
    .sort((a, b) => Number(a.interface === undefined) - Number(b.interface === undefined))
    .flatMap(({ policy, interface: alias }): readonly PlaneTransitRule[] => {
      const classes = model.transitPolicies?.find((one) => one.name === policy)?.classes ?? [];
      if (alias === undefined) return classes.flatMap((one) => ruleOf(model, policy, undefined, undefined, one));
      const named = model.interfaces.find((one) => one.alias === alias);
      return named === undefined ? [] : classes.flatMap((one) => ruleOf(model, policy, alias, named.name, one));
    });
  return { rules, normalisation: DEFAULT_NORMALISATION, timeouts: timeoutsOf(model) };
}

/** What the counters of a class of a policy are called. */
export function transitRuleName(policy: string, alias: string | undefined, trafficClass: string): string {
  return `${alias === undefined ? 'global' : `interface ${alias}`} ${policy} ${trafficClass}`;
}

function ruleOf(
  model: DeviceModel,
  policy: string,
  alias: string | undefined,
  interfaceName: string | undefined,
  one: TransitClassModel,
): readonly PlaneTransitRule[] {
  const { trafficClass, randomSequenceNumbers, tcpMap, idleMs, halfClosedMs, embryonicMs } = one;
  const { maxConnections, maxEmbryonic } = one;
  const map = model.tcpMaps?.find(({ name }) => name === tcpMap);
  const said = [randomSequenceNumbers, idleMs, halfClosedMs, embryonicMs, maxConnections, maxEmbryonic];
  const saysConnection = said.some((value) => value !== undefined);
  const defaults = timeoutsOf(model);
  const timeouts = {
    idleMs: idleMs ?? defaults.idleMs,
    halfClosedMs: halfClosedMs ?? defaults.halfClosedMs,
    embryonicMs: embryonicMs ?? defaults.embryonicMs,
  };
  return [
    {
      name: transitRuleName(policy, alias, trafficClass),
      ...(interfaceName === undefined ? {} : { interface: interfaceName }),
      matches: trafficClassEntries(model, trafficClass),
      ...(saysConnection && {
        connection: {
          timeouts,
          ...(randomSequenceNumbers === undefined ? {} : { randomSequenceNumbers }),
          ...(maxConnections === undefined ? {} : { maxConnections }),
          ...(maxEmbryonic === undefined ? {} : { maxEmbryonic }),
        },
      }),
      ...(map === undefined ? {} : { normalisation: normalisationOf(map) }),
    },
  ];
}

/** What belongs to a class, by the name that a policy calls it. */
export function trafficClassEntries(model: DeviceModel, name: string): readonly PlaneFilterEntry[] {
  if (name === REST) return [EVERYTHING];
  const found = model.trafficClasses?.find((one) => one.name === name);
  return (found?.matches ?? []).flatMap((match) => entriesOfMatch(model, match));
}

function entriesOfMatch(model: DeviceModel, match: TrafficMatchModel): readonly PlaneFilterEntry[] {
  switch (match.kind) {
    case 'any':
      return [EVERYTHING];
    case 'default-inspection':
      return INSPECTED_PORTS.map((port) => ({
        ...EVERYTHING,
        protocol: Protocol.TCP,
        destinationPorts: { from: port, to: port },
      }));
    case 'ports': {
      const { protocol, from, to } = match;
      const number = protocol === 'tcp' ? Protocol.TCP : Protocol.UDP;
      return [{ ...EVERYTHING, protocol: number, destinationPorts: { from, to } }];
    }
    case 'access-list': {
      const list = model.accessLists.find((one) => one.name === match.accessList);
      return list === undefined ? [] : entriesOf(list);
    }
    default:
      return match satisfies never;
  }
}

function normalisationOf({ options, urgentFlag, reservedBits, verifiesChecksum }: TcpMapModel): PlaneTcpNormalisation {
  const base = DEFAULT_NORMALISATION;
  return {
    options: [...base.options, ...options],
    urgentFlag: urgentFlag ?? base.urgentFlag,
    reservedBits: reservedBits ?? base.reservedBits,
    verifiesChecksum: verifiesChecksum ?? base.verifiesChecksum,
  };
}

function timeoutsOf({ connectionTimeouts }: DeviceModel): PlaneTimeouts {
  const { idleMs, halfClosedMs = DEFAULT_TIMEOUTS.halfClosedMs } = connectionTimeouts ?? DEFAULT_TIMEOUTS;
  return { ...DEFAULT_TIMEOUTS, idleMs, halfClosedMs };
}

type Told = Extract<PlaneEvent, { kind: 'connection-built' | 'connection-ended' | 'transit-denied' }>;

/** What happened to a connection in transit, or to a packet that was none of one. */
export function tellTransit(context: Context, event: Told): void {
  if (event.kind === 'transit-denied') {
    tellDenied(context, event);
    return;
  }
  const { number, initiator, responder } = event;
  const details: ConnectionDetails = {
    kind: 'connection',
    number,
    initiator: namedEnd(context, initiator),
    responder: namedEnd(context, responder),
  };
  const between = `TCP connection ${number} from ${endText(initiator)} to ${endText(responder)}`;
  if (event.kind === 'connection-built') {
    context.log(6, 'connection-built', `${between} began`, { details });
    return;
  }
  const { durationMs, bytes, reason } = event;
  context.log(6, 'connection-ended', `${between} ended: ${reason}`, {
    details: { ...details, ended: { durationMs, bytes, reason } },
  });
}

function tellDenied(context: Context, event: Extract<PlaneEvent, { kind: 'transit-denied' }>): void {
  const { reason, protocol, source, destination, direction, flags } = event;
  const from = namedEnd(context, { interface: event.interface, endpoint: source });
  const to = namedEnd(context, { interface: event.toInterface, endpoint: destination });
  const side = direction === 'out' ? to : from;
  const groups = context.index?.model.accessGroups ?? [];
  const group =
    direction &&
    (groups.find((one) => one.direction === direction && one.interface === side.alias) ??
      groups.find((one) => one.direction === direction && one.interface === undefined));
  const what = `from ${source.address} to ${destination.address}`;
  const isStray = reason === 'no-connection';
  context.log(
    isStray ? 6 : 4,
    isStray ? 'no-connection' : 'access-denied',
    isStray
      ? `a TCP segment ${what} is part of no connection`
      : `access list ${group?.accessList ?? ''} refuses a packet ${what}`,
    {
      details: {
        kind: 'transit-denied',
        reason,
        protocol,
        from,
        to,
        ...(group === undefined ? {} : { accessList: group.accessList }),
        ...(flags === undefined ? {} : { flags }),
      },
    },
  );
}

function namedEnd(context: Context, { interface: name, endpoint }: TransitEnd): ConnectionDetails['initiator'] {
  const state = context.interfaces?.get(name);
  const { alias, model } = state ?? {};
  const isLevelled = state?.kind === 'ethernet';
  return {
    interface: name,
    endpoint,
    ...(alias === undefined ? {} : { alias }),
    securityLevel: isLevelled ? (model?.securityLevel ?? 0) : 0,
  };
}

function endText({ interface: name, endpoint }: TransitEnd): string {
  return `${name} ${endpoint.address} port ${endpoint.port}`;
}
