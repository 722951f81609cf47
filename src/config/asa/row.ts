/** What a row of the ASA's grammar says beyond its syntax: how it changes the model and how it prints. */
import type { Syntax } from '../grammar.ts';
import type {
  BgpFamilyModel,
  BgpModel,
  DeviceModel,
  EspProposalModel,
  GroupPolicyModel,
  IkePolicyModel,
  InterfaceModel,
  IpsecProfileModel,
  RouteMapModel,
  TunnelGroupModel,
} from '../model.ts';
import type { Args, Parameters } from '../parameters.ts';
import type { Assembly, Draft, Place } from './assembly.ts';
import type { NetworkObject, ServiceObject } from './objects.ts';

/** One address family of the BGP process. */
export type BgpFamilyScope = Readonly<{ bgp: Draft<BgpModel>; family: Draft<BgpFamilyModel>; which: 4 | 6 }>;
export type BgpFamilyView = Readonly<{ bgp: BgpModel; family: BgpFamilyModel; which: 4 | 6 }>;

type Pair<T, V> = Readonly<{ target: T; view: V }>;

/** Each mode with what its lines change, and what they print from. */
export type AsaModes = Readonly<{
  config: Pair<Assembly, DeviceModel>;
  interface: Pair<Draft<InterfaceModel>, InterfaceModel>;
  'ikev2-policy': Pair<Draft<IkePolicyModel>, IkePolicyModel>;
  'ipsec-proposal': Pair<Draft<EspProposalModel>, EspProposalModel>;
  'ipsec-profile': Pair<Draft<IpsecProfileModel>, IpsecProfileModel>;
  'tunnel-group-general': Pair<Draft<TunnelGroupModel>, TunnelGroupModel>;
  'tunnel-group-ipsec': Pair<Draft<TunnelGroupModel>, TunnelGroupModel>;
  'group-policy': Pair<Draft<GroupPolicyModel>, GroupPolicyModel>;
  'router-bgp': Pair<Draft<BgpModel>, BgpModel>;
  'bgp-ipv4': Pair<BgpFamilyScope, BgpFamilyView>;
  'bgp-ipv6': Pair<BgpFamilyScope, BgpFamilyView>;
  'route-map': Pair<Draft<RouteMapModel['clauses'][number]>, RouteMapModel['clauses'][number]>;
  'object-network': Pair<NetworkObject, never>;
  'object-service': Pair<ServiceObject, never>;
  'object-group-network': Pair<NetworkObject, never>;
  'object-group-service': Pair<ServiceObject, never>;
  'ikev1-policy': Pair<unknown, never>;
  'class-map': Pair<unknown, never>;
  'policy-map': Pair<unknown, never>;
  'policy-map-class': Pair<unknown, never>;
  'tcp-map': Pair<unknown, never>;
  section: Pair<unknown, never>;
  '*': Pair<unknown, never>;
}>;

export type AsaMode = keyof AsaModes;

/** One printed line: values of its parameters. `view` is what the mode it enters prints from. */
export type Printed<P> = Readonly<{
  values: { readonly [K in keyof P]?: P[K] | undefined };
  /** As `no`, up to the pattern's slash. */
  negated?: boolean;
  view?: unknown;
  /** Lines of neighbouring rows with the same key stand together (all of one neighbour). */
  key?: string;
  /** Printed only when something stands below it. */
  isHeader?: boolean;
  /** The line itself, where the pattern cannot say it. */
  line?: string;
}>;

/** Order of sections as `show running-config` prints them. */
export const SECTIONS = [
  'hostname',
  'names',
  'interface',
  'same-security',
  'object',
  'access-list',
  'logging',
  'mtu',
  'nat',
  'access-group',
  'prefix-list',
  'as-path',
  'community-list',
  'route-map',
  'router',
  'route',
  'management',
  'sysopt',
  'crypto-ipsec',
  'crypto-map',
  'crypto-ca',
  'crypto-isakmp',
  'crypto-ikev2-policy',
  'crypto-ikev2',
  'group-policy',
  'tunnel-group',
  'policy-map',
  'last',
] as const;
export type Section = (typeof SECTIONS)[number];

/** A row of the table. Its functions take the mode's own types; `row` below hides them. */
export type AsaRow = Syntax &
  Readonly<{
    modes: readonly AsaMode[];
    enters?: AsaMode;
    section: Section;
    /** Used; accepted without effect; or known but not supported, which is a warning. */
    use: 'used' | 'harmless' | 'unsupported';
    /** Shown again by `show running-config` as written, because the model does not hold it. */
    kept: boolean;
    /** Attribute of the object whose position the line becomes. */
    attribute?: string;
    /** A `no` line says something of its own and is kept. */
    negatable: boolean;
    /** Rows of one group are printed key by key. */
    group?: string;
    /** Line that ends the mode it enters in print, such as `exit-address-family`. */
    closes?: string;
    examples: readonly AsaExample[];
    set?(target: unknown, args: Readonly<Record<string, unknown>>, place: Place): unknown;
    unset?(target: unknown, args: Readonly<Record<string, unknown>>, place: Place): void;
    print?(view: unknown, all: boolean): readonly Printed<Record<string, unknown>>[];
  }>;

/** A line that shows the row at work, with what must stand before it and how it prints (as itself unless given). */
export type AsaExample =
  | string
  | Readonly<{ line: string; within?: readonly string[]; prints?: string; also?: string }>;

type Spec<M extends AsaMode, P extends Parameters> = Readonly<{
  pattern: string;
  help: string;
  params?: P;
  enters?: AsaMode;
  section?: Section;
  attribute?: string;
  group?: string;
  closes?: string;
  negatable?: boolean;
  kept?: boolean;
  example: AsaExample | readonly AsaExample[];
  /** Changes the target; an entering row returns the target of the mode it enters, or undefined when refused. */
  set(target: AsaModes[M]['target'], args: Args<P>, place: Place): unknown;
  /** Takes it back; all arguments may be missing. */
  unset?(target: AsaModes[M]['target'], args: Partial<Args<P>>, place: Place): void;
  print?(view: AsaModes[M]['view'], all: boolean): readonly Printed<Args<P>>[];
}>;

type KnownSpec<P extends Parameters> = Readonly<{
  pattern: string;
  help: string;
  params?: P;
  enters?: AsaMode;
  section?: Section;
  lastResort?: boolean;
  leaves?: 'one' | 'all';
  exact?: boolean;
  kept?: boolean;
  example: AsaExample | readonly AsaExample[];
}>;

/** A used row of one mode, or of several with the same target. */
export function used<M extends AsaMode, P extends Parameters = Record<never, never>>(
  mode: M | readonly M[],
  spec: Spec<M, P>,
): AsaRow {
  const { example, params, section, ...rest } = spec;
  return {
    ...rest,
    params: params ?? {},
    modes: typeof mode === 'string' ? [mode] : mode,
    section: section ?? 'last',
    use: 'used',
    kept: spec.kept ?? false,
    negatable: spec.negatable ?? false,
    examples: toList(example),
  } as unknown as AsaRow; // the mode's name guarantees that its functions get the target they ask for
}

/** A row that is accepted and changes nothing. */
export function harmless<P extends Parameters>(mode: AsaMode | readonly AsaMode[], spec: KnownSpec<P>): AsaRow {
  return known(mode, spec, 'harmless');
}

/** A row that is understood and not supported: a warning. */
export function unsupported<P extends Parameters>(mode: AsaMode | readonly AsaMode[], spec: KnownSpec<P>): AsaRow {
  return known(mode, spec, 'unsupported');
}

function known<P extends Parameters>(
  mode: AsaMode | readonly AsaMode[],
  spec: KnownSpec<P>,
  use: 'harmless' | 'unsupported',
): AsaRow {
  const { example, params, section, ...rest } = spec;
  const names = Object.keys(params ?? {});
  return {
    ...rest,
    exact: spec.exact ?? names.includes('what'),
    vague: names.includes('what') || names.includes('rest') || names.includes('secret'),
    params: params ?? {},
    modes: typeof mode === 'string' ? [mode] : mode,
    section: section ?? 'last',
    use,
    kept: spec.kept ?? true,
    negatable: true,
    examples: toList(example),
  };
}

function toList(example: AsaExample | readonly AsaExample[]): readonly AsaExample[] {
  return Array.isArray(example) ? example : [example as AsaExample];
}
