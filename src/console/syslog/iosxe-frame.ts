/** What stands before a router's message: a number, a time stamp as `service timestamps` wants it, the tag. */
import { calendar } from '../../base/index.ts';
import type { DeviceModel } from '../../config/index.ts';
import { upTime } from '../show/names.ts';
import { type SyslogMessage, tagOf } from './message.ts';

export type RouterFrame = Readonly<{
  /** Undefined: no time stamp. */
  stamp: DeviceModel['logging']['stamp'];
  /** Milliseconds since 1970 when it happened; undefined: nobody knows. */
  timeMs: number | undefined;
  uptimeMs: number;
  number?: number | undefined;
  /** Name of the device, where several speak in one place. */
  host?: string | undefined;
}>;

/** local7, as a router has it unless told otherwise. */
export const ROUTER_FACILITY = 23;

/** `000012: Jan  6 2021 09:57:03.695 UTC: %SYS-5-CONFIG_I: …`. */
export function routerLine(message: SyslogMessage, frame: RouterFrame): string {
  const { host, number } = frame;
  const start = [
    ...(host === undefined || host === '' ? [] : [`${host}: `]),
    ...(number === undefined ? [] : [`${String(number).padStart(6, '0')}: `]),
    stampText(frame),
  ].join('');
  return `${start}${tagOf(message)}: ${message.text}`.replaceAll(/\p{Cc}/gu, ' ');
}

/** As sent to a log host: the line behind its priority. */
export function routerDatagram(message: SyslogMessage, frame: RouterFrame): string {
  return `<${ROUTER_FACILITY * 8 + message.level}>${routerLine(message, frame)}`;
}

function stampText({ stamp, timeMs, uptimeMs }: RouterFrame): string {
  if (stamp === undefined) return '';
  if (stamp.kind === 'uptime' || timeMs === undefined) return `${upTime(uptimeMs)}: `;
  const { year, monthName, day, hour, minute, second, millisecond } = calendar(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const words = [
    monthName,
    String(day).padStart(2),
    ...(stamp.year ? [String(year)] : []),
    `${two(hour)}:${two(minute)}:${two(second)}${stamp.milliseconds ? `.${String(millisecond).padStart(3, '0')}` : ''}`,
    ...(stamp.zone ? ['UTC'] : []),
  ];
  return `${words.join(' ')}: `;
}
