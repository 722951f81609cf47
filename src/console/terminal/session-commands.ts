/** Commands about the session itself: levels, the terminal, its history. Rows like all others. */
import { parameters, type Syntax } from '../../config/index.ts';
import type { Platform } from '../platform.ts';

/** What these commands do; a session brings it. Text is what they answer. */
export type SessionActions = Readonly<{
  enable: () => void;
  disable: () => void;
  /** Text: what a platform says as it begins. */
  configure: () => string | undefined;
  logout: () => void;
  setPager: (lines: number) => void;
  setWidth: (columns: number) => void;
  setMonitor: (on: boolean) => void;
  showPager: () => string;
  history: () => string;
  help: () => string;
  save: () => string;
}>;

export type SessionSyntax = Syntax &
  Readonly<{
    /** The only platform that has it. */
    platform?: Platform;
    /** A `no` before it means something. */
    negatable?: boolean;
    act: (actions: SessionActions, values: Readonly<Record<string, unknown>>, negated: boolean) => string | undefined;
  }>;

const BOTH = ['user', 'privileged'];
const lines = parameters.number(0, 2147483647, 'Lines of a page; 0: no pages');
const screen = parameters.number(0, 512, 'Lines of a page; 0: no pages');
const columns = parameters.number(40, 511, 'Columns');

function row(
  modes: readonly string[],
  pattern: string,
  help: string,
  act: SessionSyntax['act'],
  more: Partial<SessionSyntax> = {},
): SessionSyntax {
  return { pattern, help, modes, params: {}, act, ...more };
}

/** Runs and says nothing. */
function quiet(act: (actions: SessionActions) => void): SessionSyntax['act'] {
  return (actions) => {
    act(actions);
    return undefined;
  };
}

/** Those of a platform. */
export function sessionCommands(platform: Platform): readonly SessionSyntax[] {
  return ALL.filter((one) => one.platform === undefined || one.platform === platform);
}

const ALL: readonly SessionSyntax[] = [
  row(
    BOTH,
    'enable',
    'Turn on privileged commands',
    quiet((actions) => actions.enable()),
  ),
  row(
    ['privileged'],
    'disable',
    'Exit from privileged mode',
    quiet((actions) => actions.disable()),
  ),
  row(['privileged'], 'configure terminal', 'Configure from the terminal', (actions) => actions.configure()),
  row(
    BOTH,
    '{exit|quit|logout}',
    'Exit from the EXEC',
    quiet((actions) => actions.logout()),
  ),
  row(BOTH, 'help', 'Commands there are', (actions) => actions.help()),
  row(BOTH, 'show history', 'Lines typed in this session', (actions) => actions.history()),
  row(BOTH, 'show pager', 'Lines of a page', (actions) => actions.showPager(), { platform: 'asa' }),
  row(
    BOTH,
    'terminal pager [lines] <lines>',
    'Lines of a page; 0 for no pages',
    (actions, { lines: count }) => {
      actions.setPager(Number(count));
      return undefined;
    },
    { params: { lines: lines }, platform: 'asa' },
  ),
  row(
    BOTH,
    'terminal length <lines>',
    'Lines of a page; 0 for no pages',
    (actions, { lines: count }) => {
      actions.setPager(Number(count));
      return undefined;
    },
    { params: { lines: screen }, platform: 'iosxe' },
  ),
  row(
    BOTH,
    'terminal width <columns>',
    'Columns of the terminal',
    (actions, { columns: count }) => {
      actions.setWidth(Number(count));
      return undefined;
    },
    { params: { columns: columns } },
  ),
  row(
    BOTH,
    'terminal monitor',
    'Show log messages here',
    (actions, _, negated) => {
      actions.setMonitor(!negated);
      return undefined;
    },
    { negatable: true },
  ),
  row(
    BOTH,
    'terminal no monitor',
    'Show no log messages here',
    quiet((actions) => actions.setMonitor(false)),
  ),
  row(['privileged'], 'write [memory]', 'Save the running configuration', (actions) => actions.save()),
  row(['privileged'], 'copy running-config startup-config', 'Save the running configuration', (actions) =>
    actions.save(),
  ),
];
