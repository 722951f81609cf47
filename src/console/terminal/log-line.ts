/** An event as `terminal monitor` shows it: an ASA's messages. */
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { asaMessages, tagOf } from '../syslog/index.ts';

/** Lines of all messages up to a severity. Strangers' text is in them: control characters never reach the terminal. */
export function logLines(event: GatewayLogEvent, upTo: number): readonly string[] {
  return asaMessages(event)
    .filter(({ level }) => level <= upTo)
    .map((message) => `${tagOf(message)}: ${message.text}`.replaceAll(/\p{Cc}/gu, '.'));
}
