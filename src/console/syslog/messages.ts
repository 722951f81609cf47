/** An event as the messages of whichever platform the device is. */
import type { DeviceModel } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { asaMessages } from './asa.ts';
import { iosxeMessages, talkOf } from './iosxe.ts';
import type { SyslogMessage } from './message.ts';

/** Without a model: an ASA's. */
export function messagesOf(event: GatewayLogEvent, model: DeviceModel | undefined): readonly SyslogMessage[] {
  return model?.dialect === 'iosxe' ? iosxeMessages(event, talkOf(model)) : asaMessages(event);
}
