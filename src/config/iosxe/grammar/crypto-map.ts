/** Crypto maps, which are read so that it can be said which tunnel interface does the same; they are not run. */
import type { CryptoMapModel } from '../../crypto-map-model.ts';
import type { Draft } from '../../draft.ts';
import { address, choice, many, name, number, optional, refers } from '../../parameters.ts';
import { PFS, PFS_GROUP } from '../algorithms.ts';
import type { Assembly } from '../assembly.ts';
import { type IosxeRow, used } from '../row.ts';

const inMap = { within: ['crypto map CM 10 ipsec-isakmp'] };

export const cryptoMapRows: readonly IosxeRow[] = [
  used('config', {
    pattern: 'crypto map <name> <sequence> [<kind>]',
    help: 'Entry of a crypto map; it is read, and not run: a tunnel interface does the same',
    section: 'crypto-map',
    enters: 'crypto-map',
    params: {
      name: name('Map'),
      sequence: number(1, 65535, 'Place among its entries'),
      kind: optional(choice('Kind', { 'ipsec-isakmp': 'Keys by IKE' })),
    },
    example: 'crypto map CM 10 ipsec-isakmp',
    opener: ({ name: map, sequence }) => ({ name: map, sequence, kind: 'ipsec-isakmp' }),
    set: (target, args, place) => entryOf(target, args.name, args.sequence, () => place.written()),
    unset(target, args) {
      const { device } = target;
      const left = (device.cryptoMaps ?? []).filter(
        (one) => one.name !== args.name || (args.sequence !== undefined && one.sequence !== args.sequence),
      );
      if (left.length > 0) device.cryptoMaps = left;
      else delete device.cryptoMaps;
    },
    print: (device) =>
      (device.cryptoMaps ?? []).map((one) => ({
        values: { name: one.name, sequence: one.sequence, kind: 'ipsec-isakmp' as const },
        view: one,
      })),
  }),
  used('crypto-map', {
    pattern: 'set peer / <address>',
    help: 'Peer, the first one first',
    params: { address: address('Address') },
    example: { line: 'set peer 192.0.2.1', ...inMap },
    set(target, args) {
      if (!target.peers.some((one) => one.equals(args.address))) target.peers.push(args.address);
    },
    unset(target, args) {
      target.peers = target.peers.filter((one) => args.address?.equals(one) === false);
    },
    print: ({ peers }) => peers.map((one) => ({ values: { address: one } })),
  }),
  used('crypto-map', {
    pattern: 'set transform-set / <sets>...',
    help: 'Transform sets to offer, most wanted first',
    attribute: 'proposals',
    params: { sets: many(refers('transform set', name('Transform sets'))) },
    example: { line: 'set transform-set T', ...inMap },
    set(target, args) {
      target.proposals = [...args.sets];
    },
    unset(target) {
      target.proposals = [];
    },
    print: ({ proposals }) => (proposals.length === 0 ? [] : [{ values: { sets: proposals } }]),
  }),
  used('crypto-map', {
    pattern: 'set pfs / [<group>]',
    help: 'Key exchange of its own for each further child SA',
    attribute: 'pfsGroup',
    params: { group: optional(PFS) },
    example: { line: 'set pfs group21', ...inMap },
    set(target, args) {
      target.pfsGroup = args.group === undefined ? PFS_GROUP : Number(args.group.slice('group'.length));
    },
    unset(target) {
      delete target.pfsGroup;
    },
    print: ({ pfsGroup }) => (pfsGroup === undefined ? [] : [{ values: { group: `group${pfsGroup}` as 'group14' } }]),
  }),
  used('crypto-map', {
    pattern: 'set ikev2-profile / <name>',
    help: 'IKE profile of its peers',
    attribute: 'ikeProfile',
    params: { name: refers('IKEv2 profile', name('IKE profile')) },
    example: { line: 'set ikev2-profile PROF', ...inMap },
    set(target, args) {
      target.ikeProfile = args.name;
    },
    unset(target) {
      delete target.ikeProfile;
    },
    print: ({ ikeProfile }) => (ikeProfile === undefined ? [] : [{ values: { name: ikeProfile } }]),
  }),
  used('crypto-map', {
    pattern: 'match address / <list>',
    help: 'Access list of what is protected',
    attribute: 'accessList',
    params: { list: refers('access list', name('Access list')) },
    example: { line: 'match address INTERESTING', ...inMap },
    set(target, args) {
      target.accessList = args.list;
    },
    unset(target) {
      delete target.accessList;
    },
    print: ({ accessList }) => (accessList === undefined ? [] : [{ values: { list: accessList } }]),
  }),
  used('crypto-map', {
    pattern: 'reverse-route',
    help: 'Routes to what the peers protect',
    params: {},
    example: { line: 'reverse-route', ...inMap },
    set(target) {
      target.reverseRoute = true;
    },
    unset(target) {
      target.reverseRoute = false;
    },
    print: ({ reverseRoute }) => (reverseRoute ? [{ values: {} }] : []),
  }),
  used('interface', {
    pattern: 'crypto map / <map>',
    help: 'Crypto map of what leaves by the interface; it is read, and not run',
    attribute: 'cryptoMap',
    params: { map: refers('crypto map', name('Map')) },
    example: 'crypto map CM',
    set(target, args) {
      target.cryptoMap = args.map;
    },
    unset(target) {
      delete target.cryptoMap;
    },
    print: ({ cryptoMap }) => (cryptoMap === undefined ? [] : [{ values: { map: cryptoMap } }]),
  }),
];

function entryOf(target: Assembly, map: string, sequence: number, written: () => Draft<CryptoMapModel>['written']) {
  target.device.cryptoMaps ??= [];
  const list = target.device.cryptoMaps;
  const known = list.find((one) => one.name === map && one.sequence === sequence);
  if (known !== undefined) return known;
  const made = { name: map, sequence, peers: [], proposals: [], reverseRoute: false, written: written() };
  // Entries of one map stand together, in their order.
  const after = list.findIndex((one) => one.name === map && one.sequence > sequence);
  const last = list.findLastIndex((one) => one.name === map);
  list.splice(after >= 0 ? after : last >= 0 ? last + 1 : list.length, 0, made);
  return made;
}
