/** Prompts of a device (cisco-config section 1). */
import type { Platform } from '../platform.ts';

export type Level = 'user' | 'privileged' | 'config';

/** `mode` is what the dialect calls the configuration mode, such as `config-if`. */
export function promptOf(platform: Platform, hostname: string, level: Level, mode: string): string {
  // An ASA leaves a blank before what is typed, a router does not.
  const end = platform === 'asa' ? ' ' : '';
  if (level === 'config') return `${hostname}(${mode})#${end}`;
  return `${hostname}${level === 'user' ? '>' : '#'}${end}`;
}
