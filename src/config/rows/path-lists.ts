/** Lists of AS path expressions and of communities, in both dialects; only the words they begin with differ. */
import { many, name, number, optional, text, words } from '../parameters.ts';
import { communityNumber, communityParam, communityText } from './communities.ts';
import { type SharedRow, unsupported, used } from './row.ts';

const action = words('What to do', 'permit', 'deny');

/** `before` is empty, or the word that both kinds of list begin with. */
export function pathListRows(before: '' | 'ip '): readonly SharedRow[] {
  return [
    used('config', {
      pattern: `${before}as-path access-list <number> / <action> <expression>`,
      help: 'Entry of a list of AS path expressions',
      section: 'as-path',
      params: { number: number(1, 500, 'List'), action, expression: text('Regular expression') },
      example: `${before}as-path access-list 1 permit ^65001_`,
      set(target, args) {
        const { asPathLists } = target.device;
        const list = asPathLists.find((one) => one.number === args.number) ?? { number: args.number, entries: [] };
        if (!asPathLists.includes(list)) asPathLists.push(list);
        list.entries.push({ action: args.action, expression: args.expression });
      },
      unset(target, args) {
        const { asPathLists } = target.device;
        const list = asPathLists.find((one) => one.number === args.number);
        if (list === undefined) return;
        list.entries = list.entries.filter(
          (one) => args.expression !== undefined && (one.expression !== args.expression || one.action !== args.action),
        );
        target.device.asPathLists = asPathLists.filter((one) => one.entries.length > 0);
      },
      print: (device) =>
        device.asPathLists.flatMap((list) => list.entries.map((one) => ({ values: { number: list.number, ...one } }))),
    }),
    used('config', {
      pattern: `${before}community-list {<number>|standard <name>} / <action> <communities>...`,
      help: 'Entry of a list of communities',
      section: 'community-list',
      params: {
        number: optional(number(1, 99, 'List')),
        name: optional(name('List')),
        action,
        communities: many(communityParam('Communities, all of which must be there')),
      },
      example: [
        `${before}community-list 1 permit 65000:100`,
        `${before}community-list standard CL deny no-export 65000:1`,
      ],
      set(target, args) {
        const wanted = args.name ?? String(args.number ?? 0);
        const { communityLists } = target.device;
        const list = communityLists.find((one) => one.name === wanted) ?? { name: wanted, entries: [] };
        if (!communityLists.includes(list)) communityLists.push(list);
        list.entries.push({ action: args.action, communities: args.communities.map(communityNumber) });
      },
      unset(target, args) {
        const wanted = args.name ?? String(args.number ?? 0);
        const list = target.device.communityLists.find((one) => one.name === wanted);
        if (list === undefined) return;
        const given = args.communities?.map(communityNumber).join(' ');
        list.entries = list.entries.filter((one) => given !== undefined && one.communities.join(' ') !== given);
        target.device.communityLists = target.device.communityLists.filter((one) => one.entries.length > 0);
      },
      print: (device) =>
        device.communityLists.flatMap((list) =>
          list.entries.map((one) => ({
            values: {
              ...(/^[1-9]\d?$/.test(list.name) ? { number: Number(list.name) } : { name: list.name }),
              action: one.action,
              communities: one.communities.map(communityText),
            },
          })),
        ),
    }),
    unsupported('config', {
      pattern: `${before}community-list expanded <rest>`,
      help: 'List of expressions over communities',
      section: 'community-list',
      params: { rest: text('Entry') },
      example: `${before}community-list expanded CL permit 65000:.*`,
    }),
  ];
}
