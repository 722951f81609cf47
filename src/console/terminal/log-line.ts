/** One event of the journal as `terminal monitor` shows it. */
import type { GatewayLogEvent } from '../../gateway/index.ts';

/** Text that strangers sent is in it: control characters never reach the terminal. */
export function logLine({ at, severity, code, text }: GatewayLogEvent): string {
  return `${(at / 1000).toFixed(3)} s: %${severity}-${code}: ${text}`.replaceAll(/\p{Cc}/gu, '.');
}
