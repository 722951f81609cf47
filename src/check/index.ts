/** Checks configurations before they run: one file, the two ends of each tunnel, and whole fabrics. Text in, findings out. */
export { baselineText, fingerprint, readBaseline, withoutKnown } from './baseline.ts';
export { Checker, type CheckInput, type CheckReport } from './checker.ts';
export type { Source } from './device-view.ts';
export { jsonReport, junitReport, sarifReport } from './machine-reports.ts';
export { FAMILIES, type Finding, isAtLeast, type Rule, type Severity } from './rule.ts';
export { rulesPage, ruleText } from './rule-text.ts';
export { RULES } from './rules/index.ts';
export { countOf, textReport } from './text-report.ts';
