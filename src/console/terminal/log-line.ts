/** An event as `terminal monitor` shows it: the messages of its platform. */

import type { DeviceModel } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { messagesOf, tagOf } from '../syslog/index.ts';

/** Lines of all messages up to a severity. Strangers' text is in them: control characters never reach the terminal. */
export function logLines(event: GatewayLogEvent, model: DeviceModel, upTo: number): readonly string[] {
  return messagesOf(event, model)
    .filter(({ level }) => level <= upTo)
    .map((message) => `${tagOf(message)}: ${message.text}`.replaceAll(/\p{Cc}/gu, '.'));
}
