/** The configuration, the log and the device itself. */
import { clockSchema, showClock } from '../show/clock.ts';
import { loggingSchema, showLogging } from '../show/logging.ts';
import { runningConfigSchema, showRunningConfig } from '../show/running-config.ts';
import { showVersion, versionSchema } from '../show/version.ts';
import { type Row, shown } from './row.ts';

export const showSystem: readonly Row[] = [
  {
    pattern: 'show running-config ...',
    help: 'the configuration in force, or a section of it',
    schema: runningConfigSchema,
    run: (device, { rest }) => shown(showRunningConfig(device.snapshot(), rest)),
  },
  {
    pattern: 'show logging',
    help: 'what happened',
    schema: loggingSchema,
    run: (device) => shown(showLogging(device.snapshot(), device.epochMs ?? 0)),
  },
  {
    pattern: 'show version',
    help: 'what runs, and since when',
    schema: versionSchema,
    isPublic: true,
    run: (device) => shown(showVersion(device.snapshot())),
  },
  {
    pattern: 'show clock',
    help: 'what time it is',
    schema: clockSchema,
    isPublic: true,
    run: (device) => shown(showClock(device.snapshot(), device.epochMs ?? 0)),
  },
];
