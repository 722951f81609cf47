/** `show debugging` of a router. */
import type { Debugging } from '../../debugging.ts';
import { type DebugList, showDebug } from '../debug.ts';
import { lines, type Shown } from '../shown.ts';

export { debugSchema } from '../debug.ts';

const NAMES = { protocol: 'IKEv2 debugging is on', platform: 'Crypto IPSEC debugging is on' } as const;

export function showIosDebug(debugging: Debugging | undefined): Shown<DebugList> {
  const { value } = showDebug(debugging);
  const on = debugging?.list() ?? [];
  return { value, text: lines(on.length === 0 ? [] : ['IKEV2:', ...on.map(({ subject }) => `  ${NAMES[subject]}`)]) };
}
