/** All rules in one table: the command, the page and the tests read it. */
import type { Rule } from '../rule.ts';
import { diagnosedRules } from './diagnosed.ts';
import { oneDeviceRules } from './one-device.ts';
import { pairIkeRules } from './pair-ike.ts';
import { pairTunnelRules } from './pair-tunnel.ts';
import { readingRules } from './reading.ts';
import { routeExchangeRules } from './route-exchange.ts';
import { routingRules } from './routing.ts';
import { strengthRules } from './strength.ts';

export const RULES: readonly Rule[] = [
  ...readingRules,
  ...oneDeviceRules,
  ...pairIkeRules,
  ...pairTunnelRules,
  ...diagnosedRules,
  ...routingRules,
  ...routeExchangeRules,
  ...strengthRules,
];

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

export function ruleOf(id: string): Rule | undefined {
  return BY_ID.get(id);
}
