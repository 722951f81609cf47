/** `debug crypto ikev2 protocol|platform [level]`, and how it ends again. */
import { parameters } from '../../config/index.ts';
import { DEBUG_LEVELS, type DebugSubject, debugSubjects } from '../debugging.ts';
import { debugSchema, showDebug } from '../show/debug.ts';
import { type ExecDevice, type Row, type RowResult, refused, shown, text } from './row.ts';

const NO_TERMINAL = refused('there is no terminal that could show it');

const level = parameters.number(DEBUG_LEVELS.least, DEBUG_LEVELS.most, 'Level; from 2 on with causes');

const subjects = Object.entries(debugSubjects) as [DebugSubject, string][];

export const debugCommands: readonly Row[] = [
  ...subjects.flatMap(([subject, words]): Row[] => {
    const stop = (device: ExecDevice): RowResult => end(device, subject);
    const help = subject === 'protocol' ? 'Exchanges with IKEv2 peers' : 'SAs and tunnels that IKEv2 makes';
    return [
      {
        pattern: `debug ${words} [<level>]`,
        help,
        params: { level },
        run: (device, { arguments: given }) => {
          if (device.debugging === undefined) return NO_TERMINAL;
          device.debugging.set(subject, given['level'] === undefined ? DEBUG_LEVELS.usual : Number(given['level']));
          return text('');
        },
        negated: stop,
      },
      { pattern: `undebug ${words} [<level>]`, help: `Stop: ${help.toLowerCase()}`, params: { level }, run: stop },
    ];
  }),
  {
    pattern: 'undebug all',
    help: 'Stop all debugging',
    run: (device) => end(device, undefined),
  },
  {
    pattern: 'debug all',
    help: 'Debug everything there is',
    run: (device) => {
      if (device.debugging === undefined) return NO_TERMINAL;
      for (const [subject] of subjects) device.debugging.set(subject, DEBUG_LEVELS.usual);
      return text('');
    },
    negated: (device) => end(device, undefined),
  },
  {
    pattern: 'show debug',
    help: 'What is debugged here',
    schema: debugSchema,
    run: (device) => shown(showDebug(device.debugging)),
  },
];

function end({ debugging }: ExecDevice, subject: DebugSubject | undefined): RowResult {
  debugging?.clear(subject);
  return text('');
}
