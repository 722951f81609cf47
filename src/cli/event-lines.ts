/** Events of a lab's devices as lines: JSON for machines, an ASA's syslog for people. */
import { utf8 } from '../base/index.ts';
import { syslog } from '../console/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { fileSink } from '../host/index.ts';
import { LAB_EPOCH_MS } from '../lab/index.ts';

/** Where events go: a file, or `-` for the standard output. */
export type EventWriter = Readonly<{
  write: (device: string, event: GatewayLogEvent) => void;
  /** Says what went wrong, if anything did. */
  close: () => string | undefined;
}>;

export type EventForm = 'json' | 'text';

/** Opens the place where events go, or says (to `complain`) why it can not be. */
export function openEvents(path: string, form: EventForm, complain: (text: string) => void): EventWriter | undefined {
  const lines = form === 'json' ? jsonLine : textLines;
  if (path === '-') {
    return { write: (device, event) => void process.stdout.write(lines(device, event)), close: () => undefined };
  }
  const sink = fileSink(path);
  if (!sink.ok) {
    complain(sink.error);
    return undefined;
  }
  const { write, close } = sink.value;
  return {
    write: (device, event) => write(utf8(lines(device, event))),
    close: () => {
      const closed = close();
      return closed.ok ? undefined : closed.error;
    },
  };
}

function jsonLine(device: string, event: GatewayLogEvent): string {
  return `${JSON.stringify(syslog.eventDocument(device, event, LAB_EPOCH_MS))}\n`;
}

/** One line a message, and one behind it for each cause. */
function textLines(device: string, event: GatewayLogEvent): string {
  const frame = { timestamp: 'plain', timeMs: LAB_EPOCH_MS + event.at, deviceId: device } as const;
  return `${[...syslog.syslogLines(event, frame), ...syslog.causeLines(event.cause)].join('\n')}\n`;
}
