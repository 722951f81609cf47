/** Prefix lists of both dialects; only the words that they begin with differ. */
import { Prefix } from '../../base/index.ts';
import type { Assembly } from '../assembly.ts';
import type { PrefixListModel } from '../model.ts';
import { interfacing, name, number, optional, text, words } from '../parameters.ts';
import { harmless, type SharedRow, used } from './row.ts';

const action = words('What to do', 'permit', 'deny');

type Entry = PrefixListModel['entries'][number];

/** Rows of one family's prefix lists, whose lines begin with `word`. */
export function prefixListRows(family: 4 | 6, word: string): readonly SharedRow[] {
  const bits = family === 4 ? 32 : 128;
  const sample = family === 4 ? '10.0.0.0/8' : '2001:db8::/32';
  return [
    used('config', {
      pattern: `${word} <name> / [seq <sequence>] <action> <prefix> {[ge <ge>] [le <le>]|le <le> ge <ge>}`,
      help: `Entry of a list of IPv${family} prefixes`,
      section: 'prefix-list',
      params: {
        name: name('Prefix list'),
        sequence: optional(number(1, 4294967294, 'Order; 5 past the last by default')),
        action,
        prefix: interfacing(family, 'Prefix'),
        ge: optional(number(0, bits, 'Least length')),
        le: optional(number(0, bits, 'Greatest length')),
      },
      example: [
        `${word} PL seq 5 permit ${sample}`,
        `${word} PL seq 10 deny ${sample} ge ${bits - 2} le ${bits}`,
        { line: `${word} PL permit ${sample} le ${bits}`, prints: `${word} PL seq 5 permit ${sample} le ${bits}` },
      ],
      set(target, args, place) {
        const { ge, le } = args;
        const { length } = args.prefix;
        if (ge !== undefined && ge <= length)
          return place.error('contradiction', `ge must be more than the prefix's length ${length}`, { param: 'ge' });
        if (le !== undefined && le <= (ge === undefined ? length : ge - 1))
          return place.error('contradiction', 'le must not be less than ge, and more than the length', { param: 'le' });
        const list = listOf(target, args.name, family);
        const sequence = args.sequence ?? 5 + 5 * Math.floor((list.entries.at(-1)?.sequence ?? 0) / 5);
        const entry = {
          sequence,
          action: args.action,
          prefix: new Prefix(args.prefix.address, length),
          ...(ge === undefined ? {} : { ge }),
          ...(le === undefined ? {} : { le }),
          written: place.written(),
        };
        list.entries = [...list.entries.filter((one) => one.sequence !== sequence), entry];
        list.entries.sort((a, b) => a.sequence - b.sequence);
        return undefined;
      },
      unset(target, args) {
        const { prefixLists } = target.device;
        const list = prefixLists.find((one) => one.name === args.name && one.family === family);
        if (list === undefined) return;
        const { prefix: wanted } = args;
        const hit = (one: Entry): boolean =>
          wanted === undefined ||
          (args.sequence === undefined
            ? one.prefix.equals(new Prefix(wanted.address, wanted.length)) && one.action === args.action
            : one.sequence === args.sequence);
        list.entries = list.entries.filter((one) => !hit(one));
        if (list.entries.length === 0) target.device.prefixLists = prefixLists.filter((one) => one !== list);
      },
      print: (device) =>
        device.prefixLists
          .filter((one) => one.family === family)
          .flatMap((list) => list.entries.map((one) => ({ values: { ...one, name: list.name, prefix: one.prefix } }))),
    }),
    harmless('config', {
      pattern: `${word} <name> description <text>`,
      help: 'Describe the list',
      section: 'prefix-list',
      params: { name: name('Prefix list'), text: text('Any text') },
      example: `${word} PL description own networks`,
    }),
    harmless('config', {
      pattern: `${word} sequence-number`,
      help: 'Number entries by themselves',
      section: 'prefix-list',
      example: `${word} sequence-number`,
    }),
  ];
}

function listOf(target: Assembly, wanted: string, family: 4 | 6) {
  const known = target.device.prefixLists.find((one) => one.name === wanted && one.family === family);
  if (known !== undefined) return known;
  const made = { name: wanted, family, entries: [] };
  target.device.prefixLists.push(made);
  return listOfLast(target);
}

/** The list just added, with the draft's own type. */
function listOfLast(target: Assembly): Assembly['device']['prefixLists'][number] {
  const last = target.device.prefixLists.at(-1);
  if (last === undefined) throw new Error('a list was just added');
  return last;
}
