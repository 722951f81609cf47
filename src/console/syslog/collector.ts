/** What a device with this configuration says of an event: in its buffer, and to its log hosts. */
import type { DeviceModel } from '../../config/index.ts';
import type { GatewayLogEvent } from '../../gateway/index.ts';
import { bufferedLine, type FrameOptions, plainDatagram, structuredDatagram } from './frame.ts';
import { type RouterFrame, routerDatagram, routerLine } from './iosxe-frame.ts';
import type { SyslogMessage } from './message.ts';
import { messagesOf } from './messages.ts';

/** Routers of today begin with `service timestamps log datetime msec`. */
const ROUTER_STAMP = { kind: 'datetime', milliseconds: true, zone: false, year: false } as const;

export type SyslogLineOptions = FrameOptions &
  Readonly<{
    /** Messages above it are left out. */
    level?: number;
    /** Of the device that speaks; absent: an ASA. */
    model?: DeviceModel;
  }>;

/** Lines of an event as the buffer holds them, none when all are above the level. */
export function syslogLines(event: GatewayLogEvent, options: SyslogLineOptions): readonly string[] {
  const { model } = options;
  const messages = upTo(messagesOf(event, model), options.level);
  if (model?.dialect !== 'iosxe') return messages.map((message) => bufferedLine(message, options));
  const frame = { ...routerFrame(event, model, options.timeMs), host: options.deviceId };
  const isBare = options.timestamp === 'none';
  return messages.map((message) => routerLine(message, isBare ? { ...frame, stamp: undefined } : frame));
}

/** What stands before a router's messages, as its configuration wants it. */
function routerFrame(event: GatewayLogEvent, { logging }: DeviceModel, timeMs: number | undefined): RouterFrame {
  return {
    stamp: logging.stamp ?? ROUTER_STAMP,
    timeMs,
    uptimeMs: event.at,
    number: logging.sequenceNumbers === true ? event.number : undefined,
  };
}

/** Datagrams for the log hosts: `logging enable`, `logging trap`, `logging timestamp`, `logging device-id`. */
export function syslogDatagrams(
  event: GatewayLogEvent,
  model: DeviceModel,
  wallClockMs: number | undefined,
): readonly string[] {
  const { logging, hostname } = model;
  if (!logging.enabled || logging.trapLevel === undefined) return [];
  if (model.dialect === 'iosxe') {
    const frame = routerFrame(event, model, wallClockMs);
    return upTo(messagesOf(event, model), logging.trapLevel).map((message) => routerDatagram(message, frame));
  }
  const options = { ...frameOf(model), timeMs: wallClockMs };
  return upTo(messagesOf(event, model), logging.trapLevel).map((message) =>
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
