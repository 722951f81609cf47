/** One message of the log in the platform's words, before it gets its frame. */

export type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export type SyslogMessage = Readonly<{
  level: Level;
  /** Six digits of the platform, or a word of our own where it has no number: a false one would mislead. */
  id: string;
  /** A router's facility; `id` is its mnemonic. */
  facility?: string;
  text: string;
}>;

/** `%ASA-5-750006`, `%WHEELWRIGHT-4-TUNNEL_UNUSABLE`, `%LINEPROTO-5-UPDOWN`. */
export function tagOf({ level, id, facility }: SyslogMessage): string {
  if (facility !== undefined) return `%${facility}-${level}-${id}`;
  return /^\d/.test(id) ? `%ASA-${level}-${id}` : `%WHEELWRIGHT-${level}-${id}`;
}

export const LEVEL_NAMES = [
  'emergencies',
  'alerts',
  'critical',
  'errors',
  'warnings',
  'notifications',
  'informational',
  'debugging',
] as const;
