/** What a running gateway offers to the operator's programs. */
import type { GatewayLogEvent } from '../../gateway/index.ts';
import type { Json } from '../show/schema.ts';
import type { ConsoleDevice } from '../terminal/console-device.ts';

/** How a request ended: its text, the same as a value, and the exit status of the program that asked. */
export type ControlAnswer = Readonly<{ status: 0 | 1 | 2; text: string; value: Json }>;

export type ControlService = Readonly<{
  device: ConsoleDevice;
  /** Hears what happens from now on; gives what ends that. */
  listen: (listener: (event: GatewayLogEvent) => void) => () => void;
  /** Reads the configuration file anew; with `dryRun` nothing is changed. */
  reload: (dryRun: boolean) => ControlAnswer;
  status: () => ControlAnswer;
}>;
