/** Reads the nodes of a topology file: one function for each kind. */
import { type IpAddress, Prefix } from '../base/index.ts';
import { Protocol } from '../ip/index.ts';
import type { InterfaceAddress } from '../plane/contract.ts';
import type { FirewallRule, NodeSpec, RouterSpec } from './topology.ts';
import { besides, readDeviceCredentials } from './topology-credentials.ts';
import { type Field, type Fields, nearest, type TopologyText } from './topology-text.ts';

/** Where the texts of configurations come from: undefined when there is no such file. */
export type ReadFile = (path: string) => string | undefined;

/** containerlab's names of the devices whose configuration we run. */
const ALIASES: Readonly<Record<string, string>> = {
  cisco_asav: 'asa',
  'cisco-asav': 'asa',
  cisco_c8000v: 'iosxe',
  cisco_csr1000v: 'iosxe',
};
const KINDS = ['asa', 'iosxe', 'host', 'bridge', 'nat', 'router', 'firewall'] as const;

/** Fields of containerlab that mean nothing here and do no harm. */
const HARMLESS = [
  'kind',
  'startup-delay',
  'image',
  'labels',
  'group',
  'mgmt-ipv4',
  'mgmt-ipv6',
  'env',
  'type',
  'license',
];

/** UDP's is the least that RFC 4787 section 4.3 allows, TCP's that of RFC 5382 section 5, ICMP's of RFC 5508 section 3.2. */
const NAT_TIMEOUTS = { udpMs: 120_000, icmpMs: 60_000, tcpMs: 7_440_000 };

/** The spec of one node; undefined after a complaint. */
export function readNode(text: TopologyText, name: string, fields: Fields, readFile: ReadFile): NodeSpec | undefined {
  const field = fields.entries.get('kind')?.field;
  const written = text.text(field);
  if (field === undefined || written === undefined) {
    text.complain(fields.position, 'no-kind', `Node \`${name}\` has no \`kind\`.`, KINDS.join(', '));
    return undefined;
  }
  const kind = Object.hasOwn(ALIASES, written) ? ALIASES[written] : written;
  switch (kind) {
    case 'asa':
    case 'iosxe':
      return readDevice(text, name, kind, fields, readFile);
    case 'host':
      return readHost(text, name, fields);
    case 'bridge':
      text.refuseOthers(fields, HARMLESS, 'A bridge');
      return { kind: 'bridge' };
    case 'nat':
      return readNat(text, name, fields);
    case 'router':
      return readRouter(text, name, fields);
    case 'firewall':
      return readFirewall(text, fields);
    default: {
      const near = nearest(written, KINDS);
      const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
      text.complain(
        field.position,
        'unknown-kind',
        `Node \`${name}\` is of an unknown kind \`${written}\`.${hint}`,
        KINDS.join(', '),
      );
      return undefined;
    }
  }
}

function readDevice(
  text: TopologyText,
  name: string,
  kind: 'asa' | 'iosxe',
  fields: Fields,
  readFile: ReadFile,
): NodeSpec | undefined {
  text.refuseOthers(fields, [...HARMLESS, 'startup-config', 'keypairs', 'trustpoints'], 'A device');
  const field = fields.entries.get('startup-config')?.field;
  const path = text.text(field);
  if (field === undefined || path === undefined || path === '') {
    text.complain(fields.position, 'no-configuration', `Device \`${name}\` has no \`startup-config\`.`, 'a file name');
    return undefined;
  }
  const file = besides(text.file, path);
  const config = readFile(file);
  if (config === undefined) {
    text.complain(field.position, 'missing-file', `The configuration \`${path}\` of \`${name}\` cannot be read.`, file);
    return undefined;
  }
  const credentials = readDeviceCredentials(text, fields, readFile);
  return { kind, config: { file, text: config }, ...(credentials === undefined ? {} : { credentials }) };
}

function readHost(text: TopologyText, name: string, fields: Fields): NodeSpec {
  text.refuseOthers(fields, [...HARMLESS, 'addresses', 'gateway', 'gateway6', 'mtu'], 'A host');
  const addresses = readAddresses(text, fields.entries.get('addresses')?.field, `An address of \`${name}\``);
  if (addresses.length === 0) {
    text.complain(fields.position, 'no-address', `Host \`${name}\` has no \`addresses\`.`, '[10.1.1.10/24]');
  }
  const gateways: IpAddress[] = [];
  for (const key of ['gateway', 'gateway6']) {
    const field = fields.entries.get(key)?.field;
    for (const item of field === undefined ? [] : text.items(field)) {
      const gateway = text.address(item, `The gateway of \`${name}\``);
      if (gateway !== undefined) gateways.push(gateway);
    }
  }
  return { kind: 'host', addresses, gateways, mtu: text.integer(fields, 'mtu', 1500, 576, 65_535) };
}

function readNat(text: TopologyText, name: string, fields: Fields): NodeSpec | undefined {
  text.refuseOthers(fields, [...HARMLESS, 'inside', 'outside', 'gateway', 'mtu', 'timeouts', 'filtering'], 'A NAT');
  const inside = readAddresses(text, fields.entries.get('inside')?.field, `The inside address of \`${name}\``);
  const outside = text.interfaceAddress(fields.entries.get('outside')?.field, `The outside address of \`${name}\``);
  if (inside.length === 0 || outside === undefined) {
    text.complain(
      fields.position,
      'no-address',
      `NAT \`${name}\` needs addresses \`inside\` and \`outside\`.`,
      '192.168.1.1/24',
    );
    return undefined;
  }
  for (const { address } of [...inside, outside]) {
    if (address.family === 4) continue;
    text.complain(
      fields.position,
      'bad-address',
      `NAT \`${name}\` translates IPv4 alone, so \`${address}\` cannot be its address.`,
    );
  }
  const gateway = text.address(fields.entries.get('gateway')?.field, `The gateway of \`${name}\``);
  const filtering = fields.entries.get('filtering')?.field;
  const mode = text.text(filtering) ?? 'endpoint-independent';
  if (mode !== 'endpoint-independent' && mode !== 'address-and-port') {
    text.complain(
      filtering?.position ?? fields.position,
      'bad-value',
      `A NAT has no filtering \`${mode}\`.`,
      'endpoint-independent, address-and-port',
    );
  }
  return {
    kind: 'nat',
    inside,
    outside,
    ...(gateway === undefined ? {} : { gateway }),
    mtu: text.integer(fields, 'mtu', 1500, 576, 65_535),
    timeouts: readTimeouts(text, fields.entries.get('timeouts')?.field),
    filtering: mode === 'address-and-port' ? mode : 'endpoint-independent',
  };
}

function readTimeouts(text: TopologyText, field: Field | undefined): typeof NAT_TIMEOUTS {
  const fields = field === undefined ? undefined : text.fields(field, 'The timeouts of a NAT');
  if (fields === undefined) return NAT_TIMEOUTS;
  text.refuseOthers(fields, ['udp', 'icmp', 'tcp'], 'The list of timeouts');
  return {
    udpMs: text.duration(fields, 'udp', NAT_TIMEOUTS.udpMs),
    icmpMs: text.duration(fields, 'icmp', NAT_TIMEOUTS.icmpMs),
    tcpMs: text.duration(fields, 'tcp', NAT_TIMEOUTS.tcpMs),
  };
}

function readRouter(text: TopologyText, name: string, fields: Fields): NodeSpec | undefined {
  text.refuseOthers(fields, [...HARMLESS, 'interfaces', 'routes'], 'A router');
  const field = fields.entries.get('interfaces')?.field;
  if (field === undefined) {
    text.complain(fields.position, 'no-interface', `Router \`${name}\` has no \`interfaces\`.`, 'eth1: [10.0.0.1/24]');
    return undefined;
  }
  const interfaces: RouterSpec['interfaces'][number][] = [];
  for (const [port, { field: value }] of text.fields(field, `The interfaces of \`${name}\``)?.entries ?? []) {
    const inner = hasFields(text, value) ? text.fields(value, `Interface \`${port}\``) : undefined;
    if (inner !== undefined) text.refuseOthers(inner, ['addresses', 'mtu'], 'An interface');
    const addresses = readAddresses(
      text,
      inner === undefined ? value : inner.entries.get('addresses')?.field,
      `An address of \`${name}\``,
    );
    interfaces.push({
      name: port,
      addresses,
      mtu: inner === undefined ? 1500 : text.integer(inner, 'mtu', 1500, 576, 65_535),
    });
  }
  const routes: { prefix: Prefix; via: IpAddress }[] = [];
  const list = fields.entries.get('routes')?.field;
  for (const item of list === undefined ? [] : text.items(list)) {
    const route = readRoute(text, item);
    if (route !== undefined) routes.push(route);
  }
  return { kind: 'router', interfaces, routes };
}

function readRoute(text: TopologyText, item: Field): { prefix: Prefix; via: IpAddress } | undefined {
  const fields = text.fields(item, 'A route');
  if (fields === undefined) return undefined;
  text.refuseOthers(fields, ['to', 'via'], 'A route');
  const to = fields.entries.get('to')?.field;
  const prefix = Prefix.parse(text.text(to) ?? '');
  const via = text.address(fields.entries.get('via')?.field, 'The next hop of a route');
  if (prefix === undefined || via === undefined || via.family !== prefix.family) {
    const position = to?.position ?? fields.position;
    text.complain(
      position,
      'bad-route',
      'A route needs a prefix `to` and an address `via` of the same family.',
      '{ to: 10.1.0.0/16, via: 10.0.0.2 }',
    );
    return undefined;
  }
  return { prefix, via };
}

function readFirewall(text: TopologyText, fields: Fields): NodeSpec {
  text.refuseOthers(fields, [...HARMLESS, 'drop', 'normalise'], 'A firewall');
  const rules: FirewallRule[] = [];
  const list = fields.entries.get('drop')?.field;
  for (const item of list === undefined ? [] : text.items(list)) {
    const inner = text.fields(item, 'A rule');
    if (inner === undefined) continue;
    text.refuseOthers(inner, ['protocol', 'port'], 'A rule');
    const port = inner.entries.has('port') ? { port: text.integer(inner, 'port', 0, 0, 65_535) } : {};
    rules.push({ ...readProtocol(text, inner), ...port });
  }
  const field = fields.entries.get('normalise')?.field;
  const normalises = field !== undefined && text.text(field) === 'tcp';
  if (field !== undefined && !normalises)
    text.complain(field.position, 'bad-normalise', 'A firewall normalises TCP and nothing else.', 'normalise: tcp');
  return { kind: 'firewall', rules, normalises };
}

function readProtocol(text: TopologyText, fields: Fields): { protocol?: number } {
  const field = fields.entries.get('protocol')?.field;
  if (field === undefined) return {};
  const name = text.text(field) ?? '?';
  const known: Readonly<Record<string, number>> = {
    icmp: Protocol.ICMP,
    tcp: Protocol.TCP,
    udp: Protocol.UDP,
    esp: Protocol.ESP,
  };
  if (Object.hasOwn(known, name)) return { protocol: known[name] ?? 0 };
  if (/^\d{1,3}$/.test(name) && Number(name) < 256) return { protocol: Number(name) };
  text.complain(field.position, 'bad-value', `There is no protocol \`${name}\`.`, 'udp, tcp, icmp, esp or a number');
  return {};
}

function readAddresses(text: TopologyText, field: Field | undefined, what: string): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const item of field === undefined ? [] : text.items(field)) {
    const address = text.interfaceAddress(item, what);
    if (address !== undefined) found.push(address);
  }
  return found;
}

function hasFields(text: TopologyText, field: Field): boolean {
  return text.text(field) === undefined && text.items(field).includes(field);
}
