/** `show service-policy [global|interface NAME]` in ASA's layout: what policies have done to TCP in transit. */
import type { TransitClassModel } from '../../config/index.ts';
import { type GatewaySnapshot, transitRuleName } from '../../gateway/index.ts';
import type { TransitCounters } from '../../plane/contract.ts';
import { count, flag, list, object, optional, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

const countersSchema = object({
  connections: count('that there were'),
  current: count('that there are'),
  embryonic: count('of them not answered'),
  randomised: count('whose sequence numbers were made anew'),
  optionsCleared: count('TCP options'),
  signaturesCleared: count('of them MD5 (19) and TCP-AO (29)'),
  optionDrops: count('segments dropped for an option'),
  urgentCleared: count('urgent flags'),
  reservedCleared: count('segments with reserved bits cleared'),
  reservedDrops: count('segments dropped for reserved bits'),
  checksumDrops: count('segments dropped for their checksum'),
  limitDrops: count('connections refused'),
});

const classSchema = object({
  class: text('name of the class'),
  randomSequenceNumbers: optional(flag('as said; absent: nothing is said')),
  tcpMap: optional(text('how options are treated')),
  counters: countersSchema,
});

export const servicePolicySchema = publish(
  'show-service-policy',
  'show service-policy',
  object({
    policies: list(
      object({
        policy: text('name of the policy'),
        interface: optional(text('nameif; absent: global')),
        classes: list(classSchema, 'in their order'),
      }),
      'those of interfaces first',
    ),
    others: optional(countersSchema),
  }),
);
export type ServicePolicy = Value<typeof servicePolicySchema.schema>;
type Policy = ServicePolicy['policies'][number];
type Class = Policy['classes'][number];
type Counters = Class['counters'];

/** With a nameif those of that interface, with 'global' that of all of them. */
export function showServicePolicy(snapshot: GatewaySnapshot, only?: string): Shown<ServicePolicy> {
  const all = servicePolicy(snapshot);
  const policies = all.policies.filter(({ interface: alias }) => only === undefined || (alias ?? 'global') === only);
  const { others } = all;
  const value = { policies, ...(others === undefined || only !== undefined ? {} : { others }) };
  return { value, text: lines([...policies.flatMap(policyText), ...(value.others ? restText(value.others) : [])]) };
}

function servicePolicy({ model, plane }: GatewaySnapshot): ServicePolicy {
  const services = [...(model.servicePolicies ?? [])].sort(
    (a, b) => Number(a.interface === undefined) - Number(b.interface === undefined),
  );
  const counters = new Map((plane.transit ?? []).map((one) => [one.rule, one]));
  const policies = services.map(({ policy, interface: alias }): Policy => {
    const classes = model.transitPolicies?.find(({ name }) => name === policy)?.classes ?? [];
    return {
      policy,
      ...(alias === undefined ? {} : { interface: alias }),
      classes: classes.map((one) => shownClass(one, counters.get(transitRuleName(policy, alias, one.trafficClass)))),
    };
  });
  const others = counters.get('');
  return { policies, ...(others === undefined ? {} : { others: countersOf(others) }) };
}

function shownClass(one: TransitClassModel, counters: TransitCounters | undefined): Class {
  const { trafficClass, randomSequenceNumbers, tcpMap } = one;
  return {
    class: trafficClass,
    ...(randomSequenceNumbers === undefined ? {} : { randomSequenceNumbers }),
    ...(tcpMap === undefined ? {} : { tcpMap }),
    counters: countersOf(counters),
  };
}

function countersOf(given: TransitCounters | undefined): Counters {
  return {
    connections: given?.connections ?? 0,
    current: given?.current ?? 0,
    embryonic: given?.embryonic ?? 0,
    randomised: given?.randomised ?? 0,
    optionsCleared: given?.optionsCleared ?? 0,
    signaturesCleared: given?.signaturesCleared ?? 0,
    optionDrops: given?.optionDrops ?? 0,
    urgentCleared: given?.urgentCleared ?? 0,
    reservedCleared: given?.reservedCleared ?? 0,
    reservedDrops: given?.reservedDrops ?? 0,
    checksumDrops: given?.checksumDrops ?? 0,
    limitDrops: given?.limitDrops ?? 0,
  };
}

function policyText({ policy, interface: alias, classes }: Policy): string[] {
  const title = alias === undefined ? 'Global policy: ' : `Interface ${alias}:`;
  return ['', title, `  Service-policy: ${policy}`, ...classes.flatMap(classText)];
}

function classText({ class: name, randomSequenceNumbers, tcpMap, counters }: Class): string[] {
  const { current, embryonic, connections, limitDrops } = counters;
  const random =
    randomSequenceNumbers === undefined
      ? ''
      : ` random-sequence-number ${randomSequenceNumbers ? 'enable' : 'disable'}`;
  return [
    `    Class-map: ${name}`,
    `      Set connection policy:${random} drop ${limitDrops}`,
    `        current conns ${current}, embryonic conns ${embryonic}, total conns ${connections}`,
    ...(tcpMap === undefined ? [] : [`      Set connection advanced-options: ${tcpMap}`, ...cleaningText(counters)]),
  ];
}

function restText(counters: Counters): string[] {
  const { current, embryonic, connections, randomised } = counters;
  return [
    '',
    'TCP that no class speaks of:',
    `        current conns ${current}, embryonic conns ${embryonic}, total conns ${connections}`,
    `        Sequence randomised : ${randomised}`,
    ...cleaningText(counters),
  ];
}

function cleaningText(counters: Counters): string[] {
  const {
    checksumDrops,
    reservedCleared,
    reservedDrops,
    urgentCleared,
    optionsCleared,
    signaturesCleared,
    optionDrops,
  } = counters;
  const pair = (left: string, a: number, right: string, b: number): string =>
    `        ${`${left}: ${a}`.padEnd(38)}${right}: ${b}`;
  return [
    pair('TCP checksum drops  ', checksumDrops, 'Urgent flag cleared', urgentCleared),
    pair('Reserved bit cleared', reservedCleared, 'Reserved bit drops ', reservedDrops),
    '        TCP-options:',
    `          MD5 and AO cleared   : ${signaturesCleared}`,
    `          Other options cleared: ${optionsCleared - signaturesCleared}`,
    `          Options drops        : ${optionDrops}`,
  ];
}
