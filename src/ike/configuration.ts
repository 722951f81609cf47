/** Route exchange in Configuration payloads, RFC 7296 section 3.15: each side tells the other its subnets. */
import { EMPTY, IpAddress, netmask, Prefix, prefixLength } from '../base/index.ts';
import {
  ConfigurationAttributeType as Attribute,
  type ConfigurationAttribute,
  ConfigurationType,
  type Payload,
} from './wire/message.ts';

type ConfigurationPayload = Extract<Payload, { kind: 'cp' }>;

/** What the peer told; attributes of a wrong form are left out and counted. */
export type ToldRoutes = Readonly<{ prefixes: readonly Prefix[]; malformed: number }>;

/** CFG_REQUEST for the peer's subnets: attributes without value ask for them (section 3.15.1). */
export function routeRequest(): ConfigurationPayload {
  const attributes = [Attribute.INTERNAL_IP4_SUBNET, Attribute.INTERNAL_IP6_SUBNET];
  return {
    kind: 'cp',
    type: ConfigurationType.REQUEST,
    attributes: attributes.map((type) => ({ type, value: EMPTY })),
  };
}

/** CFG_REPLY with our subnets. */
export function routeReply(prefixes: readonly Prefix[]): ConfigurationPayload {
  return { kind: 'cp', type: ConfigurationType.REPLY, attributes: prefixes.map(subnetAttribute) };
}

/** CFG_SET with our subnets. */
export function routeSet(prefixes: readonly Prefix[]): ConfigurationPayload {
  return { kind: 'cp', type: ConfigurationType.SET, attributes: prefixes.map(subnetAttribute) };
}

/** CFG_ACK: names, without values, the attributes of `set` that were accepted; none when nothing is accepted. */
export function routeAck(set: ConfigurationPayload, accepted: boolean): ConfigurationPayload {
  const known = accepted ? set.attributes.filter((attribute) => isSubnet(attribute)) : [];
  return { kind: 'cp', type: ConfigurationType.ACK, attributes: known.map(({ type }) => ({ type, value: EMPTY })) };
}

/** Subnets that a CFG_REPLY or CFG_SET tells. */
export function toldRoutes(payload: ConfigurationPayload): ToldRoutes {
  const prefixes: Prefix[] = [];
  let malformed = 0;
  for (const attribute of payload.attributes) {
    if (!isSubnet(attribute) || attribute.value.length === 0) continue;
    const prefix = subnetOf(attribute);
    if (prefix === undefined) malformed++;
    else prefixes.push(prefix);
  }
  return { prefixes, malformed };
}

/** INTERNAL_IP4_SUBNET is address and mask in 8 bytes, INTERNAL_IP6_SUBNET address and length in 17. */
function subnetAttribute(prefix: Prefix): ConfigurationAttribute {
  const value = new Uint8Array(prefix.family === 4 ? 8 : 17);
  prefix.address.write(value, 0);
  if (prefix.family === 4) netmask(prefix.length).write(value, 4);
  else value[16] = prefix.length;
  return { type: prefix.family === 4 ? Attribute.INTERNAL_IP4_SUBNET : Attribute.INTERNAL_IP6_SUBNET, value };
}

function subnetOf({ type, value }: ConfigurationAttribute): Prefix | undefined {
  if (type === Attribute.INTERNAL_IP4_SUBNET) {
    const length = value.length === 8 ? prefixLength(IpAddress.read(value, 4, 4)) : undefined;
    return length === undefined ? undefined : new Prefix(IpAddress.read(value, 0, 4), length);
  }
  const length = value[16];
  if (value.length !== 17 || length === undefined || length > 128) return undefined;
  return new Prefix(IpAddress.read(value, 0, 6), length);
}

function isSubnet({ type }: ConfigurationAttribute): boolean {
  return type === Attribute.INTERNAL_IP4_SUBNET || type === Attribute.INTERNAL_IP6_SUBNET;
}
