/** What a rule is about, as `wheelwright explain RULE-ID` prints it, and the page with all of them. */
import { FAMILIES, type Family, type Rule } from './rule.ts';
import { RULES, ruleOf } from './rules/index.ts';

/** Several lines with a final newline; undefined: there is no such rule. */
export function ruleText(id: string): string | undefined {
  const rule = ruleOf(id);
  if (rule === undefined) return undefined;
  const { claim, explanation, family, severity, example } = rule;
  const lines = [`${id}: ${claim}`, `  ${severity}; ${FAMILIES[family]}`, '', explanation];
  if (example !== undefined) lines.push('', 'Example:', ...example.split('\n').map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

/** `docs/rules.md`. */
export function rulesPage(): string {
  const families = Object.keys(FAMILIES) as Family[];
  const out = [
    '# Rules of `wheelwright check`',
    '',
    `There are ${RULES.length} rules. \`wheelwright explain RULE\` prints one of them. This page is drawn from their table.`,
  ];
  for (const family of families) {
    out.push('', `## ${FAMILIES[family]}`);
    for (const rule of RULES.filter((one) => one.family === family)) out.push('', ...section(rule));
  }
  return `${out.join('\n')}\n`;
}

function section({ id, severity, claim, explanation, example }: Rule): readonly string[] {
  const shown = example === undefined ? [] : ['', '```text', ...example.split('\n'), '```'];
  return [`### ${id}`, '', ...wrapped(`${severity}: ${claim}. ${explanation}`), ...shown];
}

const WIDTH = 110;

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
