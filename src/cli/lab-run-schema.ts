/** Schema of the document that `lab run --json` prints. */
import { schema } from '../console/index.ts';

const { address, count, counts, flag, list, number, object, oneOf, optional, prefix, publish, text } = schema;

const endpoint = object({ address: address('IP address'), port: count('UDP or TCP port') });

const nextHop = object({ interface: text('interface'), gateway: optional(address('next hop')) });

const tunnelOfInterface = object({
  sourceInterface: optional(text('interface that outer packets leave from')),
  source: optional(address('outer address, ours')),
  destination: optional(address("outer address, the peer's")),
  mode: optional(number('family of outer packets: 4 or 6')),
  profile: optional(text('IPsec profile')),
  peer: optional(text('configured peer that serves it')),
  session: optional(count('session of the IKE SA')),
  downReason: optional(text('first reason why it is down')),
  template: optional(text('virtual template that it was cloned from')),
  overhead: optional(object({ worst: count('bytes at most'), fixed: count('bytes before the payload') })),
});

const interfaceSchema = object({
  name: text('hardware name'),
  alias: optional(text('name that the configuration gives it')),
  description: optional(text('description')),
  kind: oneOf(['ethernet', 'loopback', 'tunnel', 'virtual-template', 'virtual-access'], 'what it is'),
  adminUp: flag('not shut down'),
  lineProtocol: flag('line protocol is up'),
  addresses: list(object({ address: address('address'), length: count('length of its subnet') }), 'addresses'),
  mtu: count('largest IP packet'),
  vrf: text('VRF; empty for the global one'),
  securityLevel: count('security level'),
  since: optional(number('lab time of its last change, milliseconds')),
  tunnel: optional(tunnelOfInterface),
});

const tunnel = object({
  interface: text('interface'),
  state: oneOf(['up', 'down'], 'line protocol'),
  sinceMs: optional(number('lab time of its last change')),
  reason: optional(text('first reason why it is down')),
  ike: optional(
    object({
      local: endpoint,
      remote: endpoint,
      role: oneOf(['initiator', 'responder'], 'our part'),
      status: oneOf(['negotiating', 'established', 'rekeyed', 'deleting'], 'where the IKE SA stands'),
      suite: text('algorithms'),
      group: optional(count('Diffie-Hellman group')),
      sinceMs: number('lab time of its making'),
    }),
  ),
  child: optional(
    object({
      suite: text('algorithms'),
      esn: flag('extended sequence numbers'),
      sinceMs: number('lab time of its making'),
    }),
  ),
});

const familyCounts = object({
  received: count('prefixes that it told'),
  accepted: count('of these, permitted by inbound policy'),
  sent: count('prefixes told to it'),
});

const neighbor = object({
  address: address('neighbour'),
  remoteAsn: count('its AS'),
  remoteRouterId: optional(address('its BGP identifier')),
  description: optional(text('description')),
  state: oneOf(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'], 'state'),
  shutdown: flag('shut down by the configuration'),
  since: optional(number('lab time since which it is established, or not any more')),
  messagesReceived: count('messages'),
  messagesSent: count('messages'),
  updatesReceived: count('UPDATE messages'),
  updatesSent: count('UPDATE messages'),
  prefixesReceived: count('prefixes that inbound policy permitted, of all families'),
  prefixesSent: count('prefixes told to it, of all families'),
  families: optional(object({ 4: optional(familyCounts), 6: optional(familyCounts) })),
  tableVersion: count('version of the table that it has been told'),
  outQueue: count('messages that wait for the transport'),
  holdMs: optional(count('hold time agreed on')),
  keepaliveMs: optional(count('keepalive interval agreed on')),
  local: optional(endpoint),
  capabilities: list(text('capability'), 'capabilities that both have'),
  lastReset: optional(text('why the session last ended')),
  lastError: optional(text('NOTIFICATION that was last sent or received')),
  establishedCount: count('how often the session came up'),
  maximumPrefixExceeded: optional(flag('ceased for too many prefixes')),
  faults: optional(counts('what the neighbour did wrong, by kind')),
});

const bgp = object({
  asn: count('AS'),
  routerId: address('BGP identifier'),
  tableVersion: count('changes of best paths, plus one'),
  neighbors: list(neighbor, 'neighbours'),
  prefixes: count('prefixes'),
  paths: count('paths'),
  attributeSets: count('different sets of path attributes'),
  asPaths: optional(count('different AS paths')),
  communitySets: optional(count('different sets of communities')),
  activity: optional(counts('entries that came and went since the start')),
});

const route = object({
  vrf: text('VRF; empty for the global one'),
  prefix: prefix('destination'),
  source: oneOf(['connected', 'local', 'static', 'vpn', 'bgp'], 'who knows it'),
  distance: count('administrative distance'),
  metric: count('metric'),
  nextHops: list(nextHop, 'as packets leave; none: they are dropped'),
  sinceMs: number('lab time of its installation'),
});

const device = object({
  name: text('name in the topology'),
  hostname: text('host name'),
  interfaces: list(interfaceSchema, 'interfaces, clones after those configured'),
  tunnels: list(tunnel, 'tunnel interfaces'),
  bgp: schema.nullable(bgp),
  routes: list(route, 'installed routes of both families'),
  counters: object({
    drops: counts('packets dropped, by reason'),
    ike: counts('IKE messages, exchanges and faults, by name'),
    tcp: counts('TCP segments and faults, by name'),
  }),
});

const ping = object({
  from: text('node'),
  to: address('destination'),
  sent: count('echo requests'),
  answered: count('echo replies'),
  ok: flag('all were answered'),
  rttMs: list(number('milliseconds'), 'round trips of those answered'),
});

export const labRunSchema = publish(
  'lab-run',
  'wheelwright lab run --json',
  object({
    topology: text('name of the topology'),
    seed: number('seed'),
    nowMs: number('lab time of the document'),
    converged: flag('all tunnels, sessions and routes that are wanted are there'),
    convergedAtMs: optional(number('lab time when they were')),
    reasons: list(text('sentence'), 'what is missing'),
    devices: list(device, 'devices that are switched on'),
    pings: list(ping, "the topology's pings"),
  }),
);
