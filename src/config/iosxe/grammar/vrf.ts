/** `vrf definition`: routing tables of their own. */

import type { Draft } from '../../draft.ts';
import type { DeviceModel, VrfModel } from '../../model.ts';
import { choice, name, optional, text } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import { harmless, type IosxeRow, used } from '../row.ts';

const SECTION = 'vrf';

/** The VRF of a name, made when it is not there yet. */
function vrfOf(device: Draft<DeviceModel>, called: string, place: Place): Draft<VrfModel> {
  const known = device.vrfs.find((one) => one.name === called);
  if (known !== undefined) return known;
  const made: Draft<VrfModel> = { name: called, families: [], routeTargets: [], written: place.written() };
  device.vrfs.push(made);
  return made;
}

export const vrfRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'vrf definition <name>',
    help: 'A routing table of its own',
    section: SECTION,
    enters: 'vrf',
    params: { name: name('VRF', 32) },
    example: 'vrf definition INET',
    set: (target, args, place) => vrfOf(target.device, args.name, place),
    unset(target, args) {
      target.device.vrfs = target.device.vrfs.filter((one) => one.name !== args.name);
    },
    print: (device) => device.vrfs.map((one) => ({ values: { name: one.name }, view: one })),
  }),
  used('config', {
    pattern: 'ip vrf <name>',
    help: 'A routing table of its own, IPv4 alone, in the older words',
    section: SECTION,
    enters: 'vrf',
    params: { name: name('VRF', 32) },
    example: { line: 'ip vrf OLD', prints: 'vrf definition OLD' },
    set(target, args, place) {
      const made = vrfOf(target.device, args.name, place);
      if (!made.families.includes(4)) made.families.push(4);
      return made;
    },
    unset(target, args) {
      target.device.vrfs = target.device.vrfs.filter((one) => one.name !== args.name);
    },
  }),
  used('vrf', {
    pattern: 'description / <text>',
    help: 'Describe the VRF',
    attribute: 'description',
    params: { text: text('Any text') },
    example: 'description outside',
    set(target, args) {
      target.description = args.text;
    },
    unset(target) {
      delete target.description;
    },
    print: (view) => (view.description === undefined ? [] : [{ values: { text: view.description } }]),
  }),
  used('vrf', {
    pattern: 'rd / <rd>',
    help: 'Route distinguisher',
    attribute: 'rd',
    params: { rd: name('As ASN:N or A.B.C.D:N') },
    example: 'rd 65000:1',
    set(target, args, place) {
      if (!/^[\d.]+:\d+$/.test(args.rd))
        return place.error('malformed', 'a route distinguisher is ASN:N or A.B.C.D:N', { param: 'rd' });
      target.rd = args.rd;
      return undefined;
    },
    unset(target) {
      delete target.rd;
    },
    print: (view) => (view.rd === undefined ? [] : [{ values: { rd: view.rd } }]),
  }),
  used(['vrf', 'vrf-af'], {
    pattern: 'route-target <direction> <target> [<stitching>]',
    help: 'Extended community of routes that come in or go out',
    params: {
      direction: choice('Which way', { both: 'In and out', export: 'Out of the VRF', import: 'Into the VRF' }),
      target: name('As ASN:N or A.B.C.D:N'),
      stitching: optional(choice('Of EVPN', { stitching: 'Routes of EVPN' })),
    },
    example: ['route-target export 65000:1', 'route-target import 65000:1 stitching'],
    set(target, args) {
      const directions = args.direction === 'both' ? (['export', 'import'] as const) : [args.direction];
      const stitching = args.stitching !== undefined;
      for (const direction of directions) {
        const isSame = (one: VrfModel['routeTargets'][number]): boolean =>
          one.direction === direction && one.target === args.target && one.stitching === stitching;
        if (!target.routeTargets.some(isSame)) target.routeTargets.push({ direction, target: args.target, stitching });
      }
    },
    unset(target, args) {
      const stitching = args.stitching !== undefined;
      target.routeTargets = target.routeTargets.filter(
        (one) =>
          one.target !== args.target ||
          one.stitching !== stitching ||
          (args.direction !== 'both' && one.direction !== args.direction),
      );
    },
    print: (view) =>
      view.routeTargets.map(({ direction, target, stitching }) => ({
        values: { direction, target, stitching: stitching ? ('stitching' as const) : undefined },
      })),
  }),
  used('vrf', {
    pattern: 'address-family <family> [<unicast>]',
    help: 'Switch a family on in the VRF',
    enters: 'vrf-af',
    closes: 'exit-address-family',
    params: {
      family: choice('Family', { ipv4: 'IPv4', ipv6: 'IPv6' }),
      unicast: optional(choice('Unicast', { unicast: 'Unicast' })),
    },
    example: { line: 'address-family ipv4' },
    opener: ({ family }) => ({ family }),
    set(target, args) {
      const family = args.family === 'ipv4' ? 4 : 6;
      if (!target.families.includes(family)) target.families.push(family);
      target.families.sort();
      return target;
    },
    unset(target, args) {
      target.families = target.families.filter((one) => one !== (args.family === 'ipv4' ? 4 : 6));
    },
    // Route targets stand above, so that nothing is printed twice below.
    print: (view) =>
      view.families.map((one) => ({
        values: { family: one === 4 ? ('ipv4' as const) : ('ipv6' as const) },
        view: { ...view, routeTargets: [] },
      })),
  }),
  harmless('vrf-af', {
    pattern: 'exit-address-family',
    help: 'Leave the family',
    leaves: 'one',
    kept: false,
    example: 'exit-address-family',
  }),
];
