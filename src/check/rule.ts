/** What a rule is, and what it finds. */
import type { Edit, SourceLine } from '../explain/index.ts';
import type { DeviceView } from './device-view.ts';
import type { FabricView } from './fabric-view.ts';
import type { TunnelPair } from './tunnel-pair.ts';

/** `error`: it can not work; `warning`: it works otherwise than people expect, or is weak; `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

export const FAMILIES = {
  reading: 'Lines of one file: what is unknown, damaged or dangling',
  device: 'Contradictions in one device',
  unused: 'Definitions that nothing uses',
  tunnel: 'The two ends of a tunnel',
  routing: 'Routing over tunnels',
  strength: 'Strength of keys and algorithms',
  limits: 'Limits of platforms',
} as const;

export type Family = keyof typeof FAMILIES;

/** What a rule's function says; the rule adds its id and severity. */
export type Found = Readonly<{
  message: string;
  /** Every line concerned, the one to look at first in front. */
  lines: readonly SourceLine[];
  /** Alternatives: any of them mends it. */
  edits?: readonly Edit[];
  /** When it is not the rule's own. */
  severity?: Severity;
  /** What else belongs to it. */
  related?: readonly string[];
}>;

/** What a rule looks at, and how. */
export type Check =
  | Readonly<{ over: 'device'; find: (device: DeviceView) => readonly Found[] }>
  | Readonly<{ over: 'pair'; find: (pair: TunnelPair) => readonly Found[] }>
  | Readonly<{ over: 'fabric'; find: (fabric: FabricView) => readonly Found[] }>;

export type Rule = Readonly<{
  /** Stable, kebab-case. */
  id: string;
  family: Family;
  severity: Severity;
  /** One line. */
  claim: string;
  /** Why it matters and what to do, in a few sentences. */
  explanation: string;
  /** Lines of a configuration that it finds. */
  example?: string;
  /** Absent: reading a file, or the diagnosis of a tunnel or a session, finds it. */
  check?: Check;
}>;

export type Finding = Readonly<{
  rule: string;
  severity: Severity;
  message: string;
  lines: readonly SourceLine[];
  edits: readonly Edit[];
  related: readonly string[];
}>;

/** A rule and what it said. */
export function findingOf({ id, severity }: Pick<Rule, 'id' | 'severity'>, found: Found): Finding {
  const { message, lines, edits = [], related = [] } = found;
  return { rule: id, severity: found.severity ?? severity, message, lines, edits, related };
}

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** Whether a severity is as bad as another one, or worse. */
export function isAtLeast(one: Severity, least: Severity): boolean {
  return ORDER[one] <= ORDER[least];
}
