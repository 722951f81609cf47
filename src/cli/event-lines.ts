/** Events of a lab's devices as lines: JSON for machines, their syslog for people. */
import { utf8 } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import { syslog } from '../console/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import { fileSink } from '../host/index.ts';
import { LAB_EPOCH_MS } from '../lab/index.ts';

/** Where events go: a file, or `-` for the standard output. */
export type EventWriter = Readonly<{
  /** `model` is the device's, where it is known. */
  write: (device: string, event: GatewayLogEvent, model?: DeviceModel) => void;
  /** Says what went wrong, if anything did. */
  close: () => string | undefined;
}>;

export type EventForm = 'json' | 'text';

/** Opens the place where events go, or says (to `complain`) why it can not be. */
export function openEvents(path: string, form: EventForm, complain: (text: string) => void): EventWriter | undefined {
  const lines = form === 'json' ? jsonLine : textLines;
  if (path === '-') {
    return {
      write: (device, event, model) => void process.stdout.write(lines(device, event, model)),
      close: () => undefined,
    };
  }
  const sink = fileSink(path);
  if (!sink.ok) {
    complain(sink.error);
    return undefined;
  }
  const { write, close } = sink.value;
  return {
    write: (device, event, model) => write(utf8(lines(device, event, model))),
    close: () => {
      const closed = close();
      return closed.ok ? undefined : closed.error;
    },
  };
}

function jsonLine(device: string, event: GatewayLogEvent, model?: DeviceModel): string {
  return `${JSON.stringify(syslog.eventDocument(device, event, LAB_EPOCH_MS, model))}\n`;
}

/** One line a message, and one behind it for each cause. */
function textLines(device: string, event: GatewayLogEvent, model?: DeviceModel): string {
  const frame = { timestamp: 'plain', timeMs: LAB_EPOCH_MS + event.at, deviceId: device } as const;
  const told = syslog.syslogLines(event, model === undefined ? frame : { ...frame, model });
  // A router has no message for some events.
  return told.length === 0 ? '' : `${[...told, ...syslog.causeLines(event.cause)].join('\n')}\n`;
}
