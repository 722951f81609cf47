/** Commands about the lab itself, at every prompt of its devices: go to another, cut links, switch nodes off. */
import { parameters } from '../config/index.ts';
import type { ConsoleDevice, ExtraSyntax } from '../console/index.ts';
import { explainCommand } from '../explain/index.ts';
import { GatewayNode, type Lab, labEvidence, NatNode } from '../lab/index.ts';

type Answer = ReturnType<ExtraSyntax['run']>;

/** Who stands where: the terminal's session. */
export type Visit = Readonly<{ at: () => string; goTo: (device: ConsoleDevice) => void }>;

export function labCommands(
  lab: Lab,
  devices: ReadonlyMap<string, ConsoleDevice>,
  visit: Visit,
): readonly ExtraSyntax[] {
  const nodes = lab.topology.nodes.map(({ name }) => name);
  const nats = lab.nodes(NatNode).map(({ name }) => name);
  const onOff = parameters.choice('On or off', { on: 'Switch it on', off: 'Switch it off, without a word' });
  const upDown = parameters.choice('Up or down', { up: 'Plug it in', down: 'Unplug it' });
  return [
    command('devices', 'Devices of the lab', {}, () => said(deviceTable(lab, devices, visit.at()))),
    {
      ...command(
        '<device>',
        'Go to this device',
        { device: named('DEVICE', 'Go to this device', [...devices.keys()]) },
        (values) => {
          const device = devices.get(String(values['device']));
          if (device !== undefined) visit.goTo(device);
          return said('');
        },
      ),
      // Names are typed in full, so that they never make a command's abbreviation ambiguous.
      exact: true,
    },
    command(
      '<other> <command>',
      'Ask another device without going there',
      { other: addressed(devices), command: parameters.text('Command') },
      ({ other, command: line }) => {
        const device = devices.get(String(other));
        return device === undefined ? said('') : { kind: 'ask', device, line: String(line) };
      },
    ),
    command(
      'power <state> <node>',
      'Switch a node of the lab on or off',
      { state: onOff, node: named('NODE', 'Node', nodes) },
      ({ state, node }) => {
        if (state === 'on') lab.powerOn(String(node));
        else lab.powerOff(String(node));
        return said(`${node} is ${state}\n`);
      },
    ),
    command(
      'link <state> <link>',
      'Plug a link of the lab in or out',
      {
        state: upDown,
        link: named(
          'LINK',
          'Link',
          lab.topology.links.map(({ name }) => name),
        ),
      },
      ({ state, link }) => {
        lab.setLink(String(link), state === 'up');
        return said(`${link} is ${state}\n`);
      },
    ),
    command('forget <nat>', 'Let a NAT forget its mappings', { nat: named('NAT', 'NAT', nats) }, ({ nat }) => {
      lab.node(String(nat), NatNode).forget();
      return said(`${nat} has no mappings\n`);
    }),
    command(
      'explain <what> <name>',
      'Why a tunnel or a BGP session is down, and what to change',
      {
        what: parameters.choice('What', { tunnel: 'A tunnel, by its interface', bgp: 'A session, by the neighbour' }),
        name: parameters.name('Interface of a tunnel, or address of a neighbour'),
      },
      ({ what, name }) => explained(lab, visit.at(), String(what), String(name)),
    ),
  ];
}

function command(pattern: string, help: string, params: parameters.Parameters, run: ExtraSyntax['run']): ExtraSyntax {
  return { pattern, help, modes: ['user', 'privileged'], params, run };
}

function said(text: string): Answer {
  return { kind: 'text', text };
}

/** Most names that are offered one by one. */
const MOST_OFFERED = 64;

/** One of the lab's names. */
function named(shape: string, help: string, names: readonly string[]): parameters.Param<string> {
  if (names.length > 0 && names.length <= MOST_OFFERED)
    return parameters.choice(help, Object.fromEntries(names.map((name) => [name, help])));
  const known = new Set(names);
  return {
    ...parameters.name(help),
    shape,
    read: ({ tokens }, index) => {
      const value = tokens[index]?.text ?? '';
      if (known.has(value)) return { ok: true, value, used: 1 };
      return { ok: false, fault: { code: 'malformed', message: `the lab has no ${help.toLowerCase()} ${value}` } };
    },
  };
}

/** A device's name with a colon behind it. */
function addressed(devices: ReadonlyMap<string, ConsoleDevice>): parameters.Param<string> {
  return {
    ...parameters.name('Device to ask without going there'),
    shape: 'DEVICE:',
    read: ({ tokens }, index) => {
      const word = tokens[index]?.text ?? '';
      if (word.endsWith(':') && devices.has(word.slice(0, -1))) return { ok: true, value: word.slice(0, -1), used: 1 };
      return { ok: false, fault: { code: 'malformed', message: `there is no device ${word}` } };
    },
  };
}

function deviceTable(lab: Lab, devices: ReadonlyMap<string, ConsoleDevice>, here: string): string {
  const width = Math.max(...[...devices.keys()].map((name) => name.length));
  return lab
    .nodes(GatewayNode)
    .map(({ name }) => `${name === here ? '*' : ' '} ${name.padEnd(width)}  ${lab.isOn(name) ? 'on' : 'off'}\n`)
    .join('');
}

function explained(lab: Lab, device: string, what: string, name: string): Answer {
  const found = explainCommand(labEvidence(lab), device, ['explain', what, name]);
  if (found === undefined) return { kind: 'complaint', complaint: { kind: 'incomplete' } };
  return { kind: 'text', text: found.text, value: JSON.parse(JSON.stringify(found.value)) };
}
