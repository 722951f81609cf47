/** What a device with this configuration says of an event: in its buffer, and to its log hosts. */
import type { DeviceModel } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { asaMessages } from './asa.ts';
import { bufferedLine, type FrameOptions, plainDatagram, structuredDatagram } from './frame.ts';
import type { SyslogMessage } from './message.ts';

export type SyslogLineOptions = FrameOptions &
  Readonly<{
    /** Messages above it are left out. */
    level?: number;
  }>;

/** Lines of an event as the buffer holds them, none when all are above the level. */
export function syslogLines(event: GatewayLogEvent, options: SyslogLineOptions): readonly string[] {
  return upTo(asaMessages(event), options.level).map((message) => bufferedLine(message, options));
}

/** Datagrams for the log hosts: `logging enable`, `logging trap`, `logging timestamp`, `logging device-id`. */
export function syslogDatagrams(
  event: GatewayLogEvent,
  model: DeviceModel,
  wallClockMs: number | undefined,
): readonly string[] {
  const { logging, hostname } = model;
  if (!logging.enabled || logging.trapLevel === undefined) return [];
  const options = { ...frameOf(model), timeMs: wallClockMs };
  return upTo(asaMessages(event), logging.trapLevel).map((message) =>
    options.timestamp === 'rfc5424'
      ? structuredDatagram(message, event, options.deviceId ?? hostname, wallClockMs)
      : plainDatagram(message, options),
  );
}

/** Time stamp and device as the configuration wants them. */
export function frameOf(model: DeviceModel): Omit<FrameOptions, 'timeMs'> {
  const { timestamp, timestampFormat } = model.logging;
  return { timestamp: timestamp ? (timestampFormat ?? 'plain') : 'none', deviceId: deviceIdOf(model) };
}

function deviceIdOf({ logging: { deviceId }, hostname, interfaces }: DeviceModel): string | undefined {
  if (deviceId === undefined) return undefined;
  if (deviceId.kind === 'hostname') return hostname;
  if (deviceId.kind === 'text') return deviceId.text;
  return interfaces.find(({ alias }) => alias === deviceId.interface)?.addresses[0]?.address.toString();
}

function upTo(messages: readonly SyslogMessage[], level: number | undefined): readonly SyslogMessage[] {
  return level === undefined ? messages : messages.filter((message) => message.level <= level);
}
