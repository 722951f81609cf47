/** Identities of peers, as keyrings and profiles match them. */
import { IpAddress, Prefix } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import type { IdentityMatch } from '../../model.ts';
import { choice, mask, name, optional } from '../../parameters.ts';
import { type IosxeModes, type IosxeRow, used } from '../row.ts';

/** An address with a mask (one host without it), or the text of an address or a prefix. */
export function prefixOf(own: IpAddress, length?: number): Prefix;
export function prefixOf(own: string): Prefix | undefined;
export function prefixOf(own: IpAddress | string, length?: number): Prefix | undefined {
  if (typeof own !== 'string') return new Prefix(own, length ?? own.bits);
  const [text = '', bits] = own.split('/');
  const read = IpAddress.parse(text);
  if (read === undefined) return undefined;
  const count = bits === undefined ? read.bits : Number(bits);
  return Number.isInteger(count) && count >= 0 && count <= read.bits ? new Prefix(read, count) : undefined;
}

type Holder = 'ikev2-keyring-peer' | 'ikev2-profile';

/** Rows of one mode that add and take away identities; they begin with `words`. */
export function identityRow<M extends Holder>(
  mode: M,
  words: string,
  list: (target: IosxeModes[M]['target']) => Draft<IdentityMatch>[],
  seen: (view: IosxeModes[M]['view']) => readonly IdentityMatch[],
): readonly IosxeRow[] {
  const attribute = 'identities';
  const add = (target: IosxeModes[M]['target'], made: Draft<IdentityMatch>): void => {
    if (!list(target).some((one) => isSame(one, made))) list(target).push(made);
  };
  const drop = (target: IosxeModes[M]['target'], made: IdentityMatch): void => {
    const from = list(target);
    const index = from.findIndex((one) => isSame(one, made));
    if (index >= 0) from.splice(index, 1);
  };
  return [
    used(mode, {
      pattern: `${words} address <address> [<mask>]`,
      help: 'Peers that call themselves by an address',
      attribute,
      params: { address: name('Address, network or IPv6 prefix'), mask: optional(mask('Mask; one host without it')) },
      example: [
        `${words} address 203.0.113.10`,
        `${words} address 10.0.0.0 255.0.0.0`,
        `${words} address 2001:db8::/32`,
      ],
      set(target, args, place) {
        const read = prefixOf(args.address);
        if (read === undefined)
          return place.error('malformed', 'expected an address or a prefix', { param: 'address' });
        add(target, { kind: 'address', prefix: args.mask === undefined ? read : new Prefix(read.address, args.mask) });
        return undefined;
      },
      unset(target, args) {
        const read = prefixOf(args.address ?? '');
        if (read !== undefined)
          drop(target, {
            kind: 'address',
            prefix: args.mask === undefined ? read : new Prefix(read.address, args.mask),
          });
      },
      print: (view) =>
        seen(view).flatMap((one) => {
          if (one.kind !== 'address') return [];
          const { prefix } = one;
          if (prefix.family === 6) return [{ values: { address: String(prefix) } }];
          return [
            { values: { address: String(prefix.address), mask: prefix.length === 32 ? undefined : prefix.length } },
          ];
        }),
    }),
    used(mode, {
      pattern: `${words} <kind> [<domain>] <name>`,
      help: 'Peers that call themselves by a name, or by one of a domain',
      attribute,
      params: {
        kind: choice('Kind of name', { fqdn: 'Host name', email: 'Mail address' }),
        domain: optional(choice('Any name of it', { domain: 'Whatever stands before it' })),
        name: name('Name'),
      },
      example: [
        `${words} fqdn spoke1.example.net`,
        `${words} fqdn domain example.net`,
        `${words} email domain example.net`,
      ],
      set(target, args) {
        add(target, { kind: args.kind, name: args.name, domain: args.domain !== undefined });
      },
      unset(target, args) {
        if (args.kind !== undefined && args.name !== undefined)
          drop(target, { kind: args.kind, name: args.name, domain: args.domain !== undefined });
      },
      print: (view) =>
        seen(view).flatMap((one) =>
          one.kind === 'fqdn' || one.kind === 'email'
            ? [{ values: { kind: one.kind, domain: one.domain ? ('domain' as const) : undefined, name: one.name } }]
            : [],
        ),
    }),
    used(mode, {
      pattern: `${words} key-id <text>`,
      help: 'Peers that call themselves by a text of their own',
      attribute,
      params: { text: name('Text') },
      example: `${words} key-id branch-7`,
      set(target, args) {
        add(target, { kind: 'key-id', text: args.text });
      },
      unset(target, args) {
        if (args.text !== undefined) drop(target, { kind: 'key-id', text: args.text });
      },
      print: (view) => seen(view).flatMap((one) => (one.kind === 'key-id' ? [{ values: { text: one.text } }] : [])),
    }),
    used(mode, {
      pattern: `${words} any`,
      help: 'All peers',
      attribute,
      params: {},
      example: `${words} any`,
      set(target) {
        add(target, { kind: 'any' });
      },
      unset(target) {
        drop(target, { kind: 'any' });
      },
      print: (view) => (seen(view).some((one) => one.kind === 'any') ? [{ values: {} }] : []),
    }),
  ];
}

function isSame(a: IdentityMatch, b: IdentityMatch): boolean {
  if (a.kind === 'any') return b.kind === 'any';
  if (a.kind === 'address') return b.kind === 'address' && a.prefix.equals(b.prefix);
  if (a.kind === 'key-id') return b.kind === 'key-id' && a.text === b.text;
  return b.kind === a.kind && a.name === b.name && a.domain === b.domain;
}
