/** What a reload changes, as text and as JSON. */
import type { PlanChange, PlanItem, PlanKind } from '../../config/index.ts';
import { list, object, oneOf, publish, text, type Value } from '../show/schema.ts';

const SIGNS: Readonly<Record<PlanChange, string>> = { added: '+', removed: '-', changed: '~', untouched: '=' };

const PLURALS: Readonly<Record<PlanKind, string>> = {
  interface: 'interfaces',
  tunnel: 'tunnels',
  bgp: 'BGP processes',
  neighbor: 'neighbors',
  route: 'static routes',
  settings: 'groups of settings',
};

const ONE: Readonly<Record<PlanKind, string>> = {
  interface: 'interface',
  tunnel: 'tunnel',
  bgp: 'BGP process',
  neighbor: 'neighbor',
  route: 'static route',
  settings: 'group of settings',
};

/** What stands before the name of one. */
const TITLES: Readonly<Record<PlanKind, string>> = { ...ONE, bgp: 'BGP', settings: 'settings:' };

/** A line for each difference, and one that counts what stays. */
export function planText(plan: readonly PlanItem[]): string {
  const changes = plan.filter(({ change }) => change !== 'untouched');
  const lines = changes.map(({ kind, name, change, because }) => {
    const why = because.length === 0 ? '' : ` (${because.join(', ')})`;
    return `  ${SIGNS[change]} ${TITLES[kind]} ${name}${why}`;
  });
  const kept = (Object.keys(PLURALS) as PlanKind[]).flatMap((kind) => {
    const count = plan.filter((one) => one.kind === kind && one.change === 'untouched').length;
    return count === 0 ? [] : [`${count} ${count === 1 ? ONE[kind] : PLURALS[kind]}`];
  });
  if (kept.length > 0) lines.push(`  ${SIGNS.untouched} untouched: ${kept.join(', ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

export function isEmptyPlan(plan: readonly PlanItem[]): boolean {
  return plan.every(({ change }) => change === 'untouched');
}

export const reloadSchema = publish(
  'reload',
  'wheelwright reload --json',
  object({
    file: text('configuration file'),
    outcome: oneOf(
      ['unchanged', 'planned', 'applied', 'refused'],
      'refused: the file has errors, or can not be read, and nothing was changed',
    ),
    findings: list(text('file, line, column and what is wrong there'), 'what was found in the file'),
    plan: list(
      object({
        kind: oneOf(['interface', 'tunnel', 'bgp', 'neighbor', 'route', 'settings'], 'what it is'),
        name: text('its name'),
        change: oneOf(['added', 'removed', 'changed', 'untouched'], 'what becomes of it'),
        because: list(text('part'), 'parts of it, or of what it refers to, that differ'),
      }),
      'everything that is configured, before or after',
    ),
  }),
);
export type ReloadDocument = Value<typeof reloadSchema.schema>;
