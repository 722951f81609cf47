/** A real terminal, tmux, in front of a program: keys go in as an operator presses them, the screen comes out. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

const INSTALL = 'apt-get install --no-install-recommends tmux';
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Fails, saying what to do, when tmux is not there: a peer test is never skipped in silence. */
export function requireTmux(): void {
  const { error } = spawnSync('tmux', ['-V'], { stdio: 'ignore' });
  assert.equal(error, undefined, `tmux can not be run; the console's test needs it (${INSTALL})`);
}

export class Terminal {
  readonly #socket: string;

  /** Runs `command` in a terminal of its own; afterwards the screen stays and shows the exit status. */
  constructor(name: string, command: string, columns: number, rows: number) {
    this.#socket = `wheelwright-${process.pid}-${name}`;
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = `${command}; echo "[status $?]"; exec sleep 1000`;
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', '-s', 'main', ...size, shell]);
    this.#tmux(['set-option', '-g', 'history-limit', '50000']);
  }

  /** Types characters. */
  type(text: string): void {
    this.#tmux(['send-keys', '-t', 'main', '-l', text]);
  }

  /** Presses keys by tmux's names: `Enter`, `Tab`, `C-c`, `Up`. */
  press(...keys: readonly string[]): void {
    this.#tmux(['send-keys', '-t', 'main', ...keys]);
  }

  /** Pastes, bracketed where the program asked for that. */
  paste(text: string, isBracketed: boolean): void {
    this.#tmux(['load-buffer', '-'], text);
    this.#tmux(['paste-buffer', '-t', 'main', ...(isBracketed ? ['-p'] : [])]);
  }

  resize(columns: number, rows: number): void {
    this.#tmux(['resize-window', '-t', 'main', '-x', String(columns), '-y', String(rows)]);
  }

  /** What stands on the screen, without blank lines at the end. */
  screen(): string {
    return this.#tmux(['capture-pane', '-p', '-t', 'main']).trimEnd();
  }

  /** Process of the shell that runs the program. */
  pid(): number {
    return Number(this.#tmux(['display-message', '-p', '-t', 'main', '#{pane_pid}']));
  }

  /** Waits until the screen looks as it should, and gives it. */
  async until(wanted: RegExp): Promise<string> {
    for (let waited = 0; ; waited += LOOK_EVERY_MS) {
      const screen = this.screen();
      if (wanted.test(screen)) return screen;
      assert.ok(waited < PATIENCE_MS, `${wanted} is not on the screen:\n${screen}`);
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  /** Takes the terminal away under the program. */
  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'], { stdio: 'ignore' });
  }

  #tmux(args: readonly string[], input = ''): string {
    const env = { PATH: process.env['PATH'], HOME: '/', LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' };
    const options = { encoding: 'utf8', input, env } as const;
    const { status, stdout, stderr } = spawnSync('tmux', ['-L', this.#socket, ...args], options);
    assert.equal(status, 0, `tmux ${args[0]}: ${stderr}`);
    return stdout;
  }
}
