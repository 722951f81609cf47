/** `wheelwright explain mtu`: the sizes of every tunnel of a topology, or of configurations alone; nothing runs. */
import { basename } from 'node:path';
import { loadConfiguration } from '../config/index.ts';
import { schema } from '../console/index.ts';
import { type DeviceEvidence, explainMtu, type Fabric, mtuText, type WayBetween } from '../explain/index.ts';
import { readText } from '../host/index.ts';
import { loadTopology, resolvePorts, topologyPath } from '../lab/index.ts';
import { formatDiagnostic as formatTopologyFault } from '../yaml/index.ts';
import { readFabric } from './read-fabric.ts';

const { count, list, object, oneOf, optional, publish, text, number, flag } = schema;

const sentence = text('a sentence, or a line');

const layer = object({
  layer: oneOf(['outer-ip', 'udp', 'esp-header', 'iv', 'gre', 'payload', 'padding', 'trailer', 'icv'], 'what it is'),
  bytes: count('its length'),
});

const room = object({
  overlay: oneOf(['ip', 'gre', 'gre-key', 'vxlan'], 'what is around the packets inside of the tunnel'),
  bytes: count('headers that it adds'),
  mtu: number('largest packet within'),
  mss: number('TCP payload of such a packet'),
});

const path = object({
  device: text('device that sends'),
  interface: text('its tunnel or virtual template'),
  peer: optional(text('device at the other end, or its address')),
  platform: oneOf(['asa', 'iosxe'], 'dialect of the device'),
  rule: oneOf(['exact', 'worst-case'], 'how the platform works out the MTU'),
  from: oneOf(
    ['sa', 'topology', 'configuration'],
    'who says whether a NAT is between and what the path takes; with a configuration alone both cases are shown',
  ),
  suite: text('algorithms'),
  mode: oneOf(['tunnel', 'transport'], 'mode of ESP'),
  outerFamily: number('family of the outer packets: 4 or 6'),
  udpEncapsulation: flag('ESP in UDP behind a NAT'),
  pathMtu: count('largest outer packet'),
  outerMtu: count('MTU of the interface that outer packets leave by'),
  layers: list(layer, 'the largest packet, in the order of the wire'),
  plaintextMtu: number('largest inner packet that fits'),
  overhead: number('path MTU less that'),
  asaOverhead: object({ worst: count('bytes at most'), fixed: count('bytes before the payload') }),
  tunnelMtu: number('largest packet that the platform takes into the tunnel'),
  mss: number('TCP payload of such a packet over IPv4'),
  inside: list(room, 'what is left for other headers'),
  configured: object({ mtu: optional(count('MTU of the tunnel')), clampMss: count('MSS clamp; 0: none') }),
  agreedMtu: number('what both directions carry'),
  agreedMss: number('TCP payload of that'),
  commands: list(object({ lines: list(sentence, 'lines'), why: text('what for') }), 'what to configure'),
  breaks: list(sentence, 'what goes wrong without it'),
  notes: list(sentence, 'with other headers inside'),
});

export const explainMtuSchema = publish(
  'explain-mtu',
  'wheelwright explain mtu --json',
  object({
    paths: list(path, 'each direction of each tunnel'),
    unknown: list(sentence, 'tunnels of which nothing can be said'),
  }),
);

/** Gives the exit status: 0 nothing breaks, 1 something does, 2 unreadable input. */
export function explainSizes(paths: readonly string[], options: Readonly<{ json?: boolean }>): number {
  const complain = (line: string): void => void process.stderr.write(`${line}\n`);
  const [first = '', ...rest] = paths;
  const isTopology = /\.ya?ml$/i.test(first);
  if (isTopology && rest.length > 0) {
    complain('one topology, or configurations: not both');
    return 2;
  }
  const read = isTopology ? readTopology(first, complain) : withoutWay(readFabric(paths, complain));
  if (read === undefined) return 2;
  const report = explainMtu(read.fabric, read.way === undefined ? {} : { way: read.way });
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : mtuText(report));
  return report.paths.some(({ breaks }) => breaks.length > 0) ? 1 : 0;
}

type Read = Readonly<{ fabric: Fabric; way?: WayBetween }>;

function withoutWay(fabric: Fabric | undefined): Read | undefined {
  return fabric === undefined ? undefined : { fabric };
}

/** The gateways of a topology by their names in it, and the ways between them. */
function readTopology(file: string, complain: (line: string) => void): Read | undefined {
  const text = (name: string): string | undefined => {
    const read = readText(name);
    return read.ok ? read.value : undefined;
  };
  const loaded = loadTopology(file, text);
  if (!loaded.ok) {
    for (const fault of loaded.error) complain(formatTopologyFault(fault));
    return undefined;
  }
  const fabric = new Map<string, DeviceEvidence>();
  for (const { name, spec } of loaded.value.nodes) {
    if (spec.kind !== 'asa' && spec.kind !== 'iosxe') continue;
    const { model, diagnostics } = loadConfiguration(spec.config.text, spec.config.file, spec.kind);
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    if (errors > 0) complain(`${basename(spec.config.file)} has ${errors} errors; what it says without them is used`);
    fabric.set(name, { name, model, configuration: spec.config });
  }
  const models = new Map([...fabric].map(([name, { model }]) => [name, model]));
  const { topology } = resolvePorts(loaded.value, models);
  return { fabric, way: (from, to) => topologyPath(topology, from, to) };
}
