/** The configuration, the log and the device itself. */
import { showRunning } from '../../config/index.ts';
import { showLogging } from '../show/logging.ts';
import { type Row, text } from './row.ts';

export const showSystem: readonly Row[] = [
  {
    pattern: 'show running-config ...',
    help: 'the configuration in force, or a section of it',
    run: (device, { rest }) => text(showRunning(device.snapshot().model, rest)),
  },
  { pattern: 'show logging', help: 'what happened', run: (device) => text(showLogging(device.snapshot())) },
];
