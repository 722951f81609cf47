/** What a row of a dialect's grammar says beyond its syntax: how it changes the model and how it prints. */
import type { Syntax } from './grammar.ts';
import type { Args, Parameters } from './parameters.ts';
import type { Place } from './place.ts';

/** Each mode with what its lines change, and what they print from. */
export type ModeTable = Readonly<Record<string, Readonly<{ target: unknown; view: unknown }>>>;

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

/** A row of the table. Its functions take the mode's own types; `row` below hides them. */
export type Row<Mode extends string = string> = Syntax &
  Readonly<{
    modes: readonly Mode[];
    enters?: Mode;
    /** Part of the running configuration that it is printed in. */
    section: string;
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
    examples: readonly RowExample[];
    /** Values of a line that opens a section as they are printed, where a typed line may leave some out. */
    opener?(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
    set?(target: unknown, args: Readonly<Record<string, unknown>>, place: Place): unknown;
    unset?(target: unknown, args: Readonly<Record<string, unknown>>, place: Place): void;
    print?(view: unknown, all: boolean): readonly Printed<Record<string, unknown>>[];
  }>;

/** A line that shows the row at work, with what must stand before it and how it prints (as itself unless given). */
export type RowExample =
  | string
  | Readonly<{ line: string; within?: readonly string[]; prints?: string; also?: string }>;

type Spec<Modes extends ModeTable, M extends keyof Modes & string, P extends Parameters> = Readonly<{
  pattern: string;
  help: string;
  params?: P;
  enters?: keyof Modes & string;
  section?: string;
  attribute?: string;
  group?: string;
  closes?: string;
  negatable?: boolean;
  kept?: boolean;
  opener?(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  example: RowExample | readonly RowExample[];
  /** Changes the target; an entering row returns the target of the mode it enters, or undefined when refused. */
  set(target: Modes[M]['target'], args: Args<P>, place: Place): unknown;
  /** Takes it back; all arguments may be missing. */
  unset?(target: Modes[M]['target'], args: Partial<Args<P>>, place: Place): void;
  print?(view: Modes[M]['view'], all: boolean): readonly Printed<Args<P>>[];
}>;

type KnownSpec<Modes extends ModeTable, P extends Parameters> = Readonly<{
  pattern: string;
  help: string;
  params?: P;
  enters?: keyof Modes & string;
  section?: string;
  yields?: boolean;
  lastResort?: boolean;
  closes?: string;
  leaves?: 'one' | 'all';
  exact?: boolean;
  kept?: boolean;
  example: RowExample | readonly RowExample[];
}>;

type RowKinds<Modes extends ModeTable> = Readonly<{
  /** A used row of one mode, or of several with the same target. */
  used: <M extends keyof Modes & string, P extends Parameters = Record<never, never>>(
    mode: M | readonly M[],
    spec: Spec<Modes, M, P>,
  ) => Row<keyof Modes & string>;
  /** A row that is accepted and changes nothing. */
  harmless: <P extends Parameters>(
    mode: (keyof Modes & string) | readonly (keyof Modes & string)[],
    spec: KnownSpec<Modes, P>,
  ) => Row<keyof Modes & string>;
  /** A row that is understood and not supported: a warning. */
  unsupported: <P extends Parameters>(
    mode: (keyof Modes & string) | readonly (keyof Modes & string)[],
    spec: KnownSpec<Modes, P>,
  ) => Row<keyof Modes & string>;
}>;

/** The makers of rows for one dialect, whose modes have these targets and views. */
export function rowKinds<Modes extends ModeTable>(): RowKinds<Modes> {
  type Mode = keyof Modes & string;
  const known = <P extends Parameters>(
    mode: Mode | readonly Mode[],
    spec: KnownSpec<Modes, P>,
    use: 'harmless' | 'unsupported',
  ): Row<Mode> => {
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
  };
  return {
    used(mode, spec) {
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
      } as unknown as Row<Mode>; // the mode's name guarantees that its functions get the target they ask for
    },
    harmless: (mode, spec) => known(mode, spec, 'harmless'),
    unsupported: (mode, spec) => known(mode, spec, 'unsupported'),
  };
}

function toList(example: RowExample | readonly RowExample[]): readonly RowExample[] {
  return Array.isArray(example) ? example : [example as RowExample];
}
