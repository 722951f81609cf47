/** What is an ASA's own about reading and printing its configuration. */
import type { Dialect } from '../dialect.ts';
import type { Grammar } from '../grammar.ts';
import type { Line } from '../lines.ts';
import { splitRepair } from '../repair.ts';
import type { Row } from '../row.ts';
import { Assembly } from './assembly.ts';
import { checkModel } from './check.ts';
import { checkGroupPolicies } from './check-group-policies.ts';
import { asaGrammar } from './grammar/index.ts';
import { PROMPTS } from './prompts.ts';
import { SECTIONS } from './row.ts';

export const asa: Dialect = {
  name: 'asa',
  title: 'an ASA',
  // A grammar of rows of some modes is one of rows; only what rows are asked for is wider.
  grammar: asaGrammar as unknown as Grammar<Row>,
  assemble: () => new Assembly(),
  repair: (lines) => splitRepair(nameifsOf(lines)),
  check(model, lines, file, report) {
    const isSaved = lines.some((line) => /^\s*(?:: Saved|ASA Version)\b/.test(line.raw));
    checkModel(model, isSaved, report);
    checkGroupPolicies(model, lines, file, report);
  },
  sections: SECTIONS,
  setApart: new Set(['interface', 'router', 'route-map', 'policy-map']),
  prompts: PROMPTS,
  frame: (body) => [': Saved', ':', 'ASA Version 9.20(2)', '!', ...body, ': end', ''],
};

/** Every name that some line of the text gives to an interface, with or without damage of its own. */
function nameifsOf(lines: readonly Line[]): Set<string> {
  const found = new Set<string>();
  for (const { tokens } of lines) {
    const [first, second] = tokens;
    if (first === undefined || !/^na/i.test(first.text)) continue;
    if (second !== undefined && 'nameif'.startsWith(first.text.toLowerCase())) found.add(second.text);
    else if (/^nameif./i.test(first.text)) found.add(first.text.slice('nameif'.length));
  }
  return found;
}
