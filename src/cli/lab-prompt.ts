/** The prompt after a lab came up: one terminal for all of its devices, each as on the real box. */
import { TerminalSession } from '../console/index.ts';
import type { GatewayLogEvent } from '../gateway/index.ts';
import type { Lab } from '../lab/index.ts';
import { labCommands } from './lab-commands.ts';
import { labDevices } from './lab-device.ts';
import { saveFile } from './save-file.ts';

const BANNER = `Type a device's name to go to it, such as 'NAME'; 'devices' lists them.
'?' shows what may follow, at any place; Tab completes; 'help' lists everything.
The lab itself: 'power on|off NODE', 'link up|down LINK', 'explain tunnel NAME'.
'exit' ends it.

`;

/** What this asks of standard input and output. */
export type PromptInput = NodeJS.ReadableStream & Readonly<{ setRawMode?: (raw: boolean) => unknown }>;
export type PromptOutput = NodeJS.WritableStream & Readonly<{ columns?: number; rows?: number }>;

export type LabPrompt = Readonly<{
  closed: () => boolean;
  /** Something happened on a device. */
  log: (device: string, event: GatewayLogEvent) => void;
}>;

/** Reads keys until the end of input or `exit`; the caller keeps the lab running meanwhile. */
export function labPrompt(lab: Lab, input: PromptInput, output: PromptOutput): LabPrompt | undefined {
  const devices = labDevices(lab, saveFile);
  const [first] = devices.values();
  if (first === undefined) return undefined;
  let isClosed = false;
  const onData = (bytes: Uint8Array): void => session.input(bytes);
  const onResize = (): void => session.resize(output.columns ?? 80, output.rows ?? 24);
  const onEnd = (): void => session.close();
  const closed = (): void => {
    isClosed = true;
    input.off('data', onData).off('end', onEnd).off('close', onEnd);
    output.off('resize', onResize).off('close', onEnd);
    input.setRawMode?.(false);
    input.pause();
  };
  const session: TerminalSession = new TerminalSession({
    device: first,
    write: (text) => {
      if (text !== '' && !isClosed) output.write(text);
    },
    columns: output.columns ?? 80,
    rows: output.rows ?? 24,
    closed,
    banner: BANNER.replace('NAME', [...devices.keys()].at(-1) ?? ''),
    commands: labCommands(lab, devices, {
      at: () => session.device.name,
      goTo: (device) => session.attach(device),
    }),
  });
  input.setRawMode?.(true);
  input.on('data', onData).on('end', onEnd).on('close', onEnd);
  // A terminal that was closed under us ends the session: no fault.
  input.on('error', onEnd);
  output.on('resize', onResize).on('close', onEnd).on('error', onEnd);
  return {
    closed: () => isClosed,
    log: (device, event) => {
      if (device === session.device.name) session.log(event);
    },
  };
}
