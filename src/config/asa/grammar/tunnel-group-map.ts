/** `tunnel-group-map`: the tunnel-group of a peer by what its certificate says. */
import type { TunnelGroupMapModel } from '../../certificate-map-model.ts';
import type { Draft } from '../../draft.ts';
import { choice, name, number, optional, refers } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { DEFAULT_MAP } from '../../rows/certificate-map.ts';
import type { Assembly } from '../assembly.ts';
import { type AsaRow, harmless, used } from '../row.ts';

const SECTION = 'tunnel-group';
const groupName = name('Name of the group', 64);

export const tunnelGroupMapRows: readonly AsaRow[] = [
  used('config', {
    pattern: 'tunnel-group-map enable rules',
    help: 'Choose tunnel-groups by certificate maps',
    section: SECTION,
    params: {},
    example: 'tunnel-group-map enable rules',
    set(target, _args, place) {
      mapOf(target, place).usesRules = true;
    },
    unset(target) {
      if (target.device.tunnelGroupMap !== undefined) target.device.tunnelGroupMap.usesRules = false;
    },
    print: ({ tunnelGroupMap }) => (tunnelGroupMap?.usesRules === true ? [{ values: {} }] : []),
  }),
  harmless('config', {
    pattern: 'tunnel-group-map enable <way>',
    help: 'Choose tunnel-groups by what is looked at anyway',
    section: SECTION,
    params: {
      way: choice('By', { ou: 'Organizational unit', 'ike-id': 'IKE identity', 'peer-ip': 'Address of the peer' }),
    },
    example: 'tunnel-group-map enable ou',
  }),
  used('config', {
    pattern: 'tunnel-group-map default-group / <group>',
    help: 'Tunnel-group of peers with a certificate that belong to no other',
    section: SECTION,
    attribute: 'defaultGroup',
    params: { group: refers('tunnel-group', groupName) },
    example: 'tunnel-group-map default-group DefaultL2LGroup',
    set(target, args, place) {
      const map = mapOf(target, place);
      map.defaultGroup = args.group;
      map.written.attributes['defaultGroup'] = place.at('group');
    },
    unset(target) {
      if (target.device.tunnelGroupMap !== undefined) delete target.device.tunnelGroupMap.defaultGroup;
    },
    print: ({ tunnelGroupMap }) =>
      tunnelGroupMap?.defaultGroup === undefined ? [] : [{ values: { group: tunnelGroupMap.defaultGroup } }],
  }),
  used('config', {
    pattern: 'tunnel-group-map [<map>] <sequence> <group>',
    help: 'Tunnel-group of those whose certificate an entry of a map knows',
    section: SECTION,
    params: {
      map: optional(refers('certificate map', name('Certificate map'))),
      sequence: number(1, 65535, 'Entry of the map'),
      group: refers('tunnel-group', groupName),
    },
    example: 'tunnel-group-map BRANCHES 10 branches',
    set(target, args, place) {
      const { rules } = mapOf(target, place);
      const map = args.map ?? DEFAULT_MAP;
      const known = rules.find((one) => one.map === map && one.sequence === args.sequence);
      if (known !== undefined) known.group = args.group;
      else rules.push({ map, sequence: args.sequence, group: args.group, written: place.written() });
      rules.sort((a, b) => (a.map < b.map ? -1 : a.map > b.map ? 1 : a.sequence - b.sequence));
    },
    unset(target, args) {
      const found = target.device.tunnelGroupMap;
      if (found === undefined) return;
      const map = args.map ?? DEFAULT_MAP;
      found.rules = found.rules.filter((one) => one.map !== map || one.sequence !== args.sequence);
    },
    print: ({ tunnelGroupMap }) =>
      (tunnelGroupMap?.rules ?? []).map(({ map, sequence, group }) => ({ values: { map, sequence, group } })),
  }),
];

function mapOf(target: Assembly, place: Place): Draft<TunnelGroupMapModel> {
  target.device.tunnelGroupMap ??= { usesRules: false, rules: [], written: place.written() };
  return target.device.tunnelGroupMap;
}
