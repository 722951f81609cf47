/** Times of day and dates as the platform prints them, in UTC. */
import { calendar } from '../../base/index.ts';

export { isoTime } from '../../base/index.ts';

/** `12:34:56.789 UTC Tue Jan 6 2026`, as `show clock` prints it. */
export function clockText(epochMs: number): string {
  const { year, day, millisecond, weekday, monthName } = calendar(epochMs);
  return `${timeOfDay(epochMs)}.${String(millisecond).padStart(3, '0')} UTC ${weekday} ${monthName} ${day} ${year}`;
}

/** `12:34:56 UTC Tue Jan 6 2026`, as sessions print their login time. */
export function loginText(epochMs: number): string {
  const { year, day, weekday, monthName } = calendar(epochMs);
  return `${timeOfDay(epochMs)} UTC ${weekday} ${monthName} ${day} ${year}`;
}

/** `Jan 06 2026 12:34:56`, as messages of the log bear it. */
export function stampText(epochMs: number): string {
  const { year, day, monthName } = calendar(epochMs);
  return `${monthName} ${two(day)} ${year} ${timeOfDay(epochMs)}`;
}

/** `0h:32m:16s`, from one day on `52d 6h:35m:23s`. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const [hours, minutes] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return `${days > 0 ? `${days}d ` : ''}${hours}h:${two(minutes)}m:${two(seconds % 60)}s`;
}

function timeOfDay(epochMs: number): string {
  const { hour, minute, second } = calendar(epochMs);
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
