/** `debug crypto ikev2 [internal]` of a router, and how it ends again. */
import { DEBUG_LEVELS, type DebugSubject } from '../../debugging.ts';
import { debugSchema, showIosDebug } from '../../show/iosxe/debug.ts';
import { type ExecDevice, type Row, type RowResult, refused, shown, text } from '../row.ts';

const NO_TERMINAL = refused('there is no terminal that could show it');

/** What a router calls them, and what they are here. */
const SUBJECTS = [
  ['crypto ikev2', 'protocol', 1, 'Exchanges with IKEv2 peers'],
  ['crypto ikev2 internal', 'protocol', 255, 'Exchanges with IKEv2 peers, with causes'],
  ['crypto ipsec', 'platform', 1, 'SAs and tunnels that IKEv2 makes'],
] as const;

const NAMES: Readonly<Record<DebugSubject, string>> = { protocol: 'IKEv2', platform: 'Crypto IPSEC' };

export const iosDebug: readonly Row[] = [
  ...SUBJECTS.flatMap(([words, subject, level, help]): Row[] => [
    {
      pattern: `debug ${words}`,
      help,
      run: (device) => begin(device, subject, level, `${NAMES[subject]} debugging is on\n`),
      negated: (device) => end(device, subject),
    },
    { pattern: `undebug ${words}`, help: `Stop: ${help.toLowerCase()}`, run: (device) => end(device, subject) },
  ]),
  {
    pattern: 'debug all',
    help: 'Debug everything there is',
    run: (device) => {
      const first = begin(device, 'protocol', DEBUG_LEVELS.usual, '');
      if (first.kind === 'complaint') return first;
      return begin(device, 'platform', DEBUG_LEVELS.usual, 'All possible debugging has been turned on\n');
    },
    negated: (device) => end(device, undefined),
  },
  { pattern: 'undebug all', help: 'Stop all debugging', run: (device) => end(device, undefined) },
  {
    pattern: 'show debugging',
    help: 'What is debugged here',
    schema: debugSchema,
    run: (device) => shown(showIosDebug(device.debugging)),
  },
];

function begin({ debugging }: ExecDevice, subject: DebugSubject, level: number, said: string): RowResult {
  if (debugging === undefined) return NO_TERMINAL;
  debugging.set(subject, level);
  return text(said);
}

function end({ debugging }: ExecDevice, subject: DebugSubject | undefined): RowResult {
  if (debugging === undefined) return text('');
  debugging.clear(subject);
  return text(
    subject === undefined ? 'All possible debugging has been turned off\n' : `${NAMES[subject]} debugging is off\n`,
  );
}
