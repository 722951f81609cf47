/** Prompts of a device (cisco-config section 1). */

export type Level = 'user' | 'privileged' | 'config';

/** `mode` is what the dialect calls the configuration mode, such as `config-if`. */
export function promptOf(hostname: string, level: Level, mode: string): string {
  if (level === 'config') return `${hostname}(${mode})# `;
  return level === 'user' ? `${hostname}> ` : `${hostname}# `;
}
