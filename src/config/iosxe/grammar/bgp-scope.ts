/** What the rows of BGP neighbours share: finding whom a line is about, and what to print where. */

import { IpAddress } from '../../../base/index.ts';
import type { Draft } from '../../draft.ts';
import { editDistance } from '../../edit-distance.ts';
import type { BgpNeighborFamilyModel } from '../../model.ts';
import type { Args, Param, Parameters } from '../../parameters.ts';
import type { Place } from '../../place.ts';
import type { Printed } from '../../row.ts';
import { emptyNeighborFamily } from '../../rows/bgp.ts';
import { groupOf, type Subject } from '../bgp-groups.ts';
import { type BgpScope, type BgpView, type IosxeRow, used } from '../row.ts';

/** Modes in which lines about neighbours stand. */
export const MODES = ['router-bgp', 'bgp-ipv4', 'bgp-ipv6'] as const;
/** Lines of one neighbour are printed together. */
export const GROUP = 'neighbor';
/** The neighbour of the examples, and what stands before them. */
export const N = '10.0.0.9';
export const PROCESS = ['router bgp 65000', `neighbor ${N} remote-as 65001`];
export const FAMILY = [...PROCESS, 'address-family ipv4'];

/** A neighbour by its address, or a peer group by its name. */
export type PeerRef = IpAddress | string;

export const peer: Param<PeerRef> = {
  kind: 'name',
  help: 'Neighbour, or peer group',
  shape: 'A.B.C.D|X:X:X::X|WORD',
  optional: false,
  many: false,
  write: (ref) => (typeof ref === 'string' ? ref : shown(ref)),
  read: (line, index) => {
    const word = line.tokens[index]?.text ?? '';
    return { ok: true, value: IpAddress.parse(word) ?? word, used: 1 };
  },
};

function shown(own: IpAddress): string {
  return own.family === 6 ? String(own).toUpperCase() : String(own);
}

/** Whom a line is about; it must be a neighbour or a group already. */
export function subjectOf({ bgp, table }: BgpScope, ref: PeerRef, place: Place): Draft<Subject> | undefined {
  if (typeof ref !== 'string') {
    const found = table.neighbors.find((one) => one.address.equals(ref));
    if (found !== undefined) return found;
    return place.error('missing-remote-as', `neighbor ${shown(ref)} has no AS yet: remote-as must come first`, {
      param: 'peer',
      expected: `neighbor ${shown(ref)} remote-as <asn>`,
      suggestion: `neighbor ${shown(ref)} remote-as ${bgp.asn}`,
    });
  }
  const group = groupOf(bgp, table, ref);
  if (group !== undefined) return group.peer as Draft<Subject>;
  return missingGroup({ bgp, table }, ref, 'peer', place);
}

/** Says that a peer group is not there yet, and which one may be meant. */
export function missingGroup(
  { bgp, table }: Pick<BgpScope, 'bgp' | 'table'>,
  wanted: string,
  param: string,
  place: Place,
): undefined {
  const known = [...(table.peerGroups ?? []), ...(bgp.peerGroups ?? [])].map(({ name }) => name);
  const near = known.find((one) => editDistance(one.toLowerCase(), wanted.toLowerCase(), 2) <= 2);
  return place.error('undefined-reference', `there is no peer group \`${wanted}\` yet`, {
    param,
    expected: `neighbor ${wanted} peer-group`,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

/** The same without a word when there is none: for `no` lines. */
function foundSubject({ bgp, table }: BgpScope, ref: PeerRef | undefined): Draft<Subject> | undefined {
  if (ref === undefined) return undefined;
  if (typeof ref === 'string') return groupOf(bgp, table, ref)?.peer as Draft<Subject> | undefined;
  return table.neighbors.find((one) => one.address.equals(ref));
}

/** One of those that a table's lines are about, with what it has from its group. */
type Listed = Readonly<{ ref: PeerRef; subject: Subject; base?: Subject }>;

/** Groups first, then neighbours. */
export function listed({ bgp, table }: BgpView): readonly Listed[] {
  return [
    ...(table.peerGroups ?? []).map(({ name, peer: subject }) => ({ ref: name, subject })),
    ...table.neighbors.map((one) => {
      const base = groupOf(bgp, table, one.peerGroup)?.peer;
      return { ref: one.address, subject: one, ...(base === undefined ? {} : { base }) };
    }),
  ];
}

/** Those whose session is printed here: in the process, or (in a VRF) in the first family that they are in. */
export function atHome(view: BgpView): readonly Listed[] {
  if (view.vrf === '') return view.family === undefined ? listed(view) : [];
  return listed(view).filter(({ ref, subject }) => {
    const own = typeof ref === 'string' ? 4 : ref.family;
    const home = subject.families[4] !== undefined ? 4 : subject.families[6] !== undefined ? 6 : own;
    return view.family === home;
  });
}

type PeerParams = Readonly<{ peer: typeof peer }>;
type Values<P extends Parameters> = { readonly [K in keyof P]?: Args<P>[K] | undefined };

/** The line of a setting: none when the group says the same, its `no` when only the group has it. */
function linesOf<P extends PeerParams & Parameters>(
  params: P,
  ref: PeerRef,
  own: Values<P> | undefined,
  base: Values<P> | undefined,
): readonly Printed<Args<P>>[] {
  const text = (values: Values<P> | undefined): string | undefined =>
    values === undefined
      ? undefined
      : Object.entries(params)
          .map(([name, param]) => (values[name] === undefined ? '' : param.write(values[name])))
          .join(' ');
  if (text(own) === text(base)) return [];
  const key = peer.write(ref);
  const values = { ...(own ?? base), peer: ref } as Printed<Args<P>>['values'];
  return [{ values, key, ...(own === undefined ? { negated: true } : {}) }];
}

type SessionSpec<P extends PeerParams & Parameters> = Readonly<{
  pattern: string;
  help: string;
  attribute: string;
  params: P;
  line: string;
  set(subject: Draft<Subject>, args: Args<P>, place: Place): void;
  unset(subject: Draft<Subject>): void;
  print(subject: Subject): Values<P> | undefined;
}>;

/** A row about the session as a whole. */
export function session<P extends PeerParams & Parameters>(spec: SessionSpec<P>): IosxeRow {
  return used(MODES, {
    pattern: `neighbor <peer> ${spec.pattern}`,
    help: spec.help,
    group: GROUP,
    params: spec.params,
    example: { line: `neighbor ${N} ${spec.line}`, within: PROCESS },
    set(scope, args, place) {
      const subject = subjectOf(scope, args.peer as PeerRef, place);
      if (subject === undefined) return;
      spec.set(subject, args, place);
      if (!place.failed) subject.written.attributes[spec.attribute] = place.position;
    },
    unset(scope, args, place) {
      const subject = foundSubject(scope, args.peer as PeerRef | undefined);
      if (subject === undefined) return;
      spec.unset(subject);
      // A member of a group says by this that it wants none of what the group has.
      if (subject.peerGroup !== undefined) subject.written.attributes[spec.attribute] = place.position;
      else delete subject.written.attributes[spec.attribute];
    },
    print: (view) =>
      atHome(view).flatMap(({ ref, subject, base }) =>
        linesOf(spec.params, ref, spec.print(subject), base === undefined ? undefined : spec.print(base)),
      ),
  });
}

type Part = Draft<BgpNeighborFamilyModel>;

type PartSpec<P extends PeerParams & Parameters> = Readonly<{
  pattern: string;
  help: string;
  /** Words that the line's place is remembered by. */
  word(args: Partial<Args<P>>): string;
  params: P;
  lines: readonly (string | Readonly<{ line: string; prints: string }>)[];
  set(part: Part, args: Args<P>, place: Place): void;
  unset(part: Part, args: Partial<Args<P>>): void;
  /** Values of its lines; each of them has its own `word`. */
  print(part: BgpNeighborFamilyModel): readonly Values<P>[];
}>;

/** A row about what a neighbour does in one family. In the process itself that is IPv4. */
export function familyRow<P extends PeerParams & Parameters>(spec: PartSpec<P>): IosxeRow {
  const change = (
    scope: BgpScope,
    subject: Draft<Subject>,
    args: Partial<Args<P>>,
    place: Place,
    work: (part: Part) => void,
  ): void => {
    const which = scope.family ?? 4;
    const part = subject.families[which] ?? (emptyNeighborFamily(false) as Part);
    work(part);
    if (place.failed) return;
    subject.families[which] = part;
    subject.written.attributes[`ipv${which} ${spec.word(args)}`] = place.position;
  };
  return used(MODES, {
    pattern: `neighbor <peer> ${spec.pattern}`,
    help: spec.help,
    group: GROUP,
    params: spec.params,
    example: spec.lines.map((one) =>
      typeof one === 'string'
        ? { line: `neighbor ${N} ${one}`, within: FAMILY }
        : { line: `neighbor ${N} ${one.line}`, within: FAMILY, prints: `neighbor ${N} ${one.prints}` },
    ),
    set(scope, args, place) {
      const subject = subjectOf(scope, args.peer as PeerRef, place);
      if (subject !== undefined)
        change(scope, subject, args as Partial<Args<P>>, place, (part) => spec.set(part, args, place));
    },
    unset(scope, args, place) {
      const subject = foundSubject(scope, args.peer as PeerRef | undefined);
      if (subject === undefined) return;
      change(scope, subject, args, place, (part) => spec.unset(part, args));
      const word = spec.word(args);
      // Only of members, and of what is on by itself, a `no` says something.
      if (subject.peerGroup === undefined && word !== 'activate')
        delete subject.written.attributes[`ipv${scope.family ?? 4} ${word}`];
    },
    print(view) {
      const { family } = view;
      if (family === undefined) return [];
      return listed(view).flatMap(({ ref, subject, base }) => {
        const part = subject.families[family];
        if (part === undefined) return [];
        const theirs = base?.families[family];
        const own = spec.print(part);
        const group = theirs === undefined ? [] : spec.print(theirs);
        const twin = (values: Values<P>, list: readonly Values<P>[]): Values<P> | undefined =>
          list.find((one) => spec.word(one as Partial<Args<P>>) === spec.word(values as Partial<Args<P>>));
        return [
          ...own.flatMap((values) => linesOf(spec.params, ref, values, twin(values, group))),
          ...group.flatMap((values) =>
            twin(values, own) === undefined ? linesOf(spec.params, ref, undefined, values) : [],
          ),
        ];
      });
    },
  });
}
