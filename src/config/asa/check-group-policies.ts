/** Group policies that nobody follows: what they say holds for no peer. */
import type { Line } from '../lines.ts';
import type { DeviceModel, Diagnostic } from '../model.ts';
import { DEFAULT_GROUP_POLICY } from './defaults.ts';

/**
 * Reports it when there are group policies and tunnel-groups, and no tunnel-group has one. Asked of the lines rather than
 * of the model: lines whose names were lost on the way are no less bound to nothing.
 */
export function checkGroupPolicies(
  { tunnelGroups }: DeviceModel,
  lines: readonly Line[],
  file: string,
  report: (diagnostic: Diagnostic) => void,
): void {
  const word = (line: Line, index: number): string => line.tokens[index]?.text.toLowerCase() ?? '';
  const isBound = tunnelGroups.some(({ groupPolicy }) => groupPolicy !== undefined);
  const binds = (line: Line): boolean => word(line, 0).startsWith('default-group');
  if (isBound || lines.some(binds) || !lines.some((line) => word(line, 0) === 'tunnel-group')) return;
  const first = lines.find(
    (line) => word(line, 0) === 'group-policy' && word(line, 1) !== DEFAULT_GROUP_POLICY.toLowerCase(),
  );
  if (first === undefined) return;
  report({
    severity: 'warning',
    position: { file: first.file ?? file, line: first.number, column: first.tokens[0]?.column ?? 1 },
    code: 'unbound-group-policy',
    message: 'this group policy is bound to nothing: no tunnel-group has a default-group-policy',
    expected: '`default-group-policy <name>` under `tunnel-group <peer> general-attributes`',
  });
}
