/** Which rule each TCP connection in transit falls under, and what the rules have done so far. */
import type { IpHeader } from '../../ip/index.ts';
import type {
  PlaneTcpNormalisation,
  PlaneTimeouts,
  PlaneTransitPolicy,
  PlaneTransitRule,
  TransitCounters,
} from '../contract.ts';
import { judge } from './filters.ts';
import type { Port } from './plane-state.ts';

type Counts = { -readonly [K in keyof TransitCounters]: TransitCounters[K] };

/** What becomes of an option, by its kind: index into it. */
export const ALLOW = 0;
export const CLEAR = 1;
export const DROP = 2;

/** How one connection is treated, for as long as it lasts. */
export type Treatment = Readonly<{
  randomises: boolean;
  timeouts: PlaneTimeouts;
  maxConnections: number;
  maxEmbryonic: number;
  cleaning: Cleaning;
  /** Of the rule that speaks of the connection, and of the one that speaks of its normalisation. */
  counts: Counts;
  cleaned: Counts;
}>;

/** A normalisation made ready for use. */
export type Cleaning = Readonly<{
  options: Uint8Array;
  urgentFlag: PlaneTcpNormalisation['urgentFlag'];
  reservedBits: PlaneTcpNormalisation['reservedBits'];
  verifiesChecksum: boolean;
}>;

type Prepared = Readonly<{ rule: PlaneTransitRule; cleaning: Cleaning | undefined; counts: Counts }>;

export class TransitPolicy {
  #counts = new Map<string, Counts>();
  #rules: readonly Prepared[] = [];
  #policy: PlaneTransitPolicy | undefined;
  #cleaning: Cleaning | undefined;

  get on(): boolean {
    return this.#policy !== undefined;
  }

  set(policy: PlaneTransitPolicy | undefined): void {
    const before = this.#counts;
    this.#counts = new Map();
    this.#policy = policy;
    this.#cleaning = policy && prepare(policy.normalisation);
    const countsOf = (name: string): Counts => {
      const counts = before.get(name) ?? noneYet(name);
      this.#counts.set(name, counts);
      return counts;
    };
    this.#rules = (policy?.rules ?? []).map((rule) => {
      const cleaning = rule.normalisation && prepare(rule.normalisation);
      return { rule, cleaning, counts: countsOf(rule.name) };
    });
    if (policy !== undefined) countsOf('');
  }

  /** Takes over a policy, and how many connections there are by each of its rules. */
  copy(other: TransitPolicy): void {
    for (const [name, counts] of other.#counts) this.#counts.set(name, { ...counts });
    this.set(other.#policy);
  }

  /** For a connection whose first packet comes in by `from` and leaves by `to`; undefined without a policy. */
  treatment(from: Port, to: Port, header: IpHeader, packet: Uint8Array): Treatment | undefined {
    if (this.#policy === undefined || this.#cleaning === undefined) return undefined;
    let connection: Prepared | undefined;
    let normalisation: Prepared | undefined;
    for (const one of this.#rules) {
      const { rule } = one;
      const tells =
        (connection === undefined && rule.connection !== undefined) ||
        (normalisation === undefined && one.cleaning !== undefined);
      if (!tells || !isAt(rule, from, to) || judge(rule.matches, header, packet) !== 'permit') continue;
      if (rule.connection !== undefined) connection ??= one;
      if (one.cleaning !== undefined) normalisation ??= one;
    }
    const settings = connection?.rule.connection;
    const counts = connection?.counts ?? this.#default;
    return {
      randomises: settings?.randomSequenceNumbers ?? true,
      timeouts: settings?.timeouts ?? this.#policy.timeouts,
      maxConnections: settings?.maxConnections ?? 0,
      maxEmbryonic: settings?.maxEmbryonic ?? 0,
      cleaning: normalisation?.cleaning ?? this.#cleaning,
      counts,
      cleaned: normalisation?.counts ?? this.#default,
    };
  }

  counters(): readonly TransitCounters[] | undefined {
    return this.on ? [...this.#counts.values()].map((one) => ({ ...one })) : undefined;
  }

  get #default(): Counts {
    const known = this.#counts.get('') ?? noneYet('');
    this.#counts.set('', known);
    return known;
  }
}

function isAt({ interface: name }: PlaneTransitRule, from: Port, to: Port): boolean {
  if (name === undefined) return true;
  return [from, to].some(({ config }) => config.name === name || config.template === name);
}

function prepare({ options, urgentFlag, reservedBits, verifiesChecksum }: PlaneTcpNormalisation): Cleaning {
  const treatments = { allow: ALLOW, clear: CLEAR, drop: DROP };
  const table = new Uint8Array(256);
  for (const { from, to, treatment } of options) table.fill(treatments[treatment], Math.max(2, from), to + 1);
  return { options: table, urgentFlag, reservedBits, verifiesChecksum };
}

function noneYet(rule: string): Counts {
  return {
    rule,
    connections: 0,
    current: 0,
    embryonic: 0,
    randomised: 0,
    optionsCleared: 0,
    signaturesCleared: 0,
    optionDrops: 0,
    urgentCleared: 0,
    reservedCleared: 0,
    reservedDrops: 0,
    checksumDrops: 0,
    limitDrops: 0,
  };
}
