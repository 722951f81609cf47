/** Reads a topology file. Every complaint is one sentence with file, line and column; all are collected. */
import { fail, IpAddress, ok, type Result } from '../base/index.ts';
import type { Diagnostic } from '../config/model.ts';
import {
  CABLE,
  type LinkProfile,
  type Topology,
  type TopologyEndpoint,
  type TopologyLink,
  type TopologyNode,
  type TopologyPing,
} from './topology.ts';
import { type ReadFile, readNode } from './topology-nodes.ts';
import { type Field, type Fields, nearest, TopologyText } from './topology-text.ts';

const PROFILE_FIELDS = ['delay', 'jitter', 'loss', 'reorder', 'duplicate', 'rate', 'queue', 'mtu'];

/** Reads the topology at `path` and the configurations it names. */
export function loadTopology(path: string, readFile: ReadFile): Result<Topology, readonly Diagnostic[]> {
  const source = readFile(path);
  if (source === undefined) {
    const position = { file: path, line: 1, column: 1 };
    return fail([
      { severity: 'error', position, code: 'missing-file', message: `The topology \`${path}\` cannot be read.` },
    ]);
  }
  const text = new TopologyText(path, source);
  if (text.diagnostics.length > 0) return fail(text.diagnostics);
  const top = text.fields(text.root, 'A topology');
  if (top === undefined) return fail(text.diagnostics);
  text.refuseOthers(top, ['name', 'prefix', 'mgmt', 'settings', 'topology', 'wheelwright'], 'A topology');
  const inner = section(text, top, 'topology');
  if (inner === undefined) {
    if (!top.entries.has('topology')) text.complain(text.start, 'no-topology', 'The file has no `topology` section.');
    return fail(text.diagnostics);
  }
  text.refuseOthers(inner, ['nodes', 'links', 'defaults', 'kinds'], 'The topology section');
  const extra = section(text, top, 'wheelwright');
  if (extra !== undefined) text.refuseOthers(extra, ['link', 'pings'], 'The wheelwright section');
  const linkDefaults = extra === undefined ? undefined : section(text, extra, 'link');
  if (linkDefaults !== undefined) text.refuseOthers(linkDefaults, PROFILE_FIELDS, 'The section `link`');
  const nodes = readNodes(text, inner, readFile);
  const links = readLinks(
    text,
    inner,
    nodes,
    linkDefaults === undefined ? CABLE : readProfile(text, linkDefaults, CABLE),
  );
  checkPorts(text, nodes, links);
  if (text.diagnostics.length === 0) checkBridges(text, nodes, links);
  const pings = extra === undefined ? [] : readPings(text, extra, nodes);
  if (text.diagnostics.length > 0) return fail(text.diagnostics);
  return ok({
    name: text.text(top.entries.get('name')?.field) ?? 'lab',
    file: path,
    nodes: [...nodes.values()],
    links,
    pings,
  });
}

function section(text: TopologyText, fields: Fields, name: string): Fields | undefined {
  const entry = fields.entries.get(name);
  return entry === undefined ? undefined : text.fields(entry.field, `The section \`${name}\``);
}

/** All nodes by name. What a node does not say its kind says, then `topology.defaults`, in containerlab's order. */
function readNodes(text: TopologyText, inner: Fields, readFile: ReadFile): Map<string, TopologyNode> {
  const nodes = new Map<string, TopologyNode>();
  const defaults = section(text, inner, 'defaults');
  const kinds = section(text, inner, 'kinds');
  for (const [name, { key, field }] of section(text, inner, 'nodes')?.entries ?? []) {
    const own = text.fields(field, `Node \`${name}\``);
    if (own === undefined) continue;
    const common: Fields['entries'] = defaults?.entries ?? new Map();
    const kind = text.text((own.entries.get('kind') ?? common.get('kind'))?.field) ?? '';
    const lent = kinds?.entries.get(kind);
    const ofKind = lent === undefined ? undefined : text.fields(lent.field, `Kind \`${kind}\``);
    const fields = { position: key, entries: new Map([...common, ...(ofKind?.entries ?? []), ...own.entries]) };
    const spec = readNode(text, name, fields, readFile);
    const startupDelayMs = text.duration(fields, 'startup-delay', 0);
    if (spec !== undefined) nodes.set(name, { name, position: key, startupDelayMs, spec });
    else nodes.set(name, { name, position: key, startupDelayMs, spec: { kind: 'bridge' } });
  }
  if (nodes.size === 0) text.complain(inner.position, 'no-nodes', 'The topology has no nodes.');
  return nodes;
}

function readLinks(
  text: TopologyText,
  inner: Fields,
  nodes: ReadonlyMap<string, TopologyNode>,
  fallback: LinkProfile,
): readonly TopologyLink[] {
  const links: TopologyLink[] = [];
  const names = new Set<string>();
  const list = inner.entries.get('links')?.field;
  for (const item of list === undefined ? [] : text.items(list)) {
    const fields = text.fields(item, 'A link');
    if (fields === undefined) continue;
    text.refuseOthers(fields, ['endpoints', 'name', ...PROFILE_FIELDS], 'A link');
    const ends = readEnds(text, fields, nodes);
    if (ends === undefined) continue;
    const name =
      text.text(fields.entries.get('name')?.field) ?? ends.map((end) => `${end.node}:${end.port}`).join('--');
    if (names.has(name)) text.complain(item.position, 'duplicate-name', `There are two links named \`${name}\`.`);
    names.add(name);
    links.push({ name, ends, profile: readProfile(text, fields, fallback), position: item.position });
  }
  return links;
}

function readEnds(
  text: TopologyText,
  fields: Fields,
  nodes: ReadonlyMap<string, TopologyNode>,
): readonly [TopologyEndpoint, TopologyEndpoint] | undefined {
  const field = fields.entries.get('endpoints')?.field;
  const items = field === undefined ? [] : text.items(field);
  if (items.length !== 2) {
    text.complain(
      field?.position ?? fields.position,
      'bad-endpoints',
      'A link needs two endpoints.',
      '["hub1:GigabitEthernet0/0", "internet:p1"]',
    );
    return undefined;
  }
  const [a, b] = items.map((item) => readEnd(text, item, nodes));
  return a === undefined || b === undefined ? undefined : [a, b];
}

function readEnd(
  text: TopologyText,
  field: Field,
  nodes: ReadonlyMap<string, TopologyNode>,
): TopologyEndpoint | undefined {
  const written = text.text(field) ?? '?';
  const match = /^([^:]+):(\S(?:.*\S)?)$/.exec(written.trim());
  if (match === null) {
    text.complain(field.position, 'bad-endpoint', `An endpoint is written node:port, not \`${written}\`.`);
    return undefined;
  }
  const [, node = '', port = ''] = match;
  if (!nodes.has(node)) {
    const near = nearest(node, nodes.keys());
    const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
    text.complain(
      field.position,
      'unknown-node',
      `The endpoint \`${written}\` names a node \`${node}\` that does not exist.${hint}`,
    );
    return undefined;
  }
  return { node, port, position: field.position };
}

function readProfile(text: TopologyText, fields: Fields, fallback: LinkProfile): LinkProfile {
  return {
    delayMs: text.duration(fields, 'delay', fallback.delayMs),
    jitterMs: text.duration(fields, 'jitter', fallback.jitterMs),
    loss: text.percent(fields, 'loss', fallback.loss),
    reorder: text.percent(fields, 'reorder', fallback.reorder),
    duplicate: text.percent(fields, 'duplicate', fallback.duplicate),
    rateBps: text.rate(fields, 'rate', fallback.rateBps),
    queueBytes: text.size(fields, 'queue', fallback.queueBytes),
    mtu: text.integer(fields, 'mtu', fallback.mtu, 68, 65_535),
  };
}

/** Each port carries one link, and has a name that its node knows. */
function checkPorts(
  text: TopologyText,
  nodes: ReadonlyMap<string, TopologyNode>,
  links: readonly TopologyLink[],
): void {
  const used = new Map<string, TopologyEndpoint>();
  const ports = new Map<string, number>();
  for (const end of links.flatMap((link) => link.ends)) {
    const name = `${end.node}:${end.port}`;
    const before = used.get(name);
    if (before !== undefined) {
      text.complain(
        end.position,
        'duplicate-endpoint',
        `\`${name}\` has a link already (line ${before.position.line}).`,
      );
      continue;
    }
    used.set(name, end);
    const count = (ports.get(end.node) ?? 0) + 1;
    ports.set(end.node, count);
    const spec = nodes.get(end.node)?.spec;
    if (spec?.kind === 'nat' && end.port !== 'inside' && end.port !== 'outside') {
      text.complain(
        end.position,
        'unknown-port',
        `A NAT has the ports \`inside\` and \`outside\`, not \`${end.port}\`.`,
      );
    } else if (spec?.kind === 'router' && !spec.interfaces.some((one) => one.name === end.port)) {
      text.complain(end.position, 'unknown-port', `Router \`${end.node}\` has no interface \`${end.port}\`.`);
    } else if (spec?.kind === 'host' && count > 1) {
      text.complain(end.position, 'too-many-links', `Host \`${end.node}\` has one port, so it can have one link.`);
    } else if (spec?.kind === 'firewall' && count > 2) {
      text.complain(
        end.position,
        'too-many-links',
        `Firewall \`${end.node}\` has two ports, so it can have two links.`,
      );
    }
  }
}

/** Bridges learn no addresses and run no spanning tree, so they must not form a loop. */
function checkBridges(
  text: TopologyText,
  nodes: ReadonlyMap<string, TopologyNode>,
  links: readonly TopologyLink[],
): void {
  const group = new Map<string, string>();
  const find = (name: string): string => {
    const parent = group.get(name);
    return parent === undefined ? name : find(parent);
  };
  const transparent = (name: string): boolean => ['bridge', 'firewall'].includes(nodes.get(name)?.spec.kind ?? '');
  for (const { ends, position } of links) {
    if (!transparent(ends[0].node) || !transparent(ends[1].node)) continue;
    const [a, b] = [find(ends[0].node), find(ends[1].node)];
    if (a === b)
      text.complain(position, 'bridge-loop', `This link closes a loop of bridges around \`${ends[0].node}\`.`);
    else group.set(a, b);
  }
}

function readPings(
  text: TopologyText,
  extra: Fields,
  nodes: ReadonlyMap<string, TopologyNode>,
): readonly TopologyPing[] {
  const pings: TopologyPing[] = [];
  const list = extra.entries.get('pings')?.field;
  for (const item of list === undefined ? [] : text.items(list)) {
    const fields = text.fields(item, 'A ping');
    if (fields === undefined) continue;
    text.refuseOthers(fields, ['from', 'to', 'count', 'size', 'df'], 'A ping');
    const from = fields.entries.get('from')?.field;
    const to = fields.entries.get('to')?.field;
    const node = text.text(from) ?? '';
    const target = pingTarget(text, to, nodes);
    const kind = nodes.get(node)?.spec.kind;
    if (kind !== 'host' && kind !== 'asa' && kind !== 'iosxe') {
      text.complain(
        from?.position ?? item.position,
        'unknown-node',
        `A ping must come \`from\` a host or a device, and \`${node}\` is none.`,
      );
    } else if (target === undefined) {
      text.complain(
        to?.position ?? item.position,
        'bad-address',
        'A ping must go `to` an address or the name of a host.',
      );
    } else {
      const count = text.integer(fields, 'count', 5, 1, 100_000);
      const size = text.integer(fields, 'size', 100, 28, 65_535);
      pings.push({ from: node, to: target, count, size, df: text.boolean(fields, 'df'), position: item.position });
    }
  }
  return pings;
}

function pingTarget(
  text: TopologyText,
  field: Field | undefined,
  nodes: ReadonlyMap<string, TopologyNode>,
): IpAddress | undefined {
  const written = text.text(field) ?? '';
  const spec = nodes.get(written)?.spec;
  return spec?.kind === 'host' ? spec.addresses[0]?.address : IpAddress.parse(written);
}
