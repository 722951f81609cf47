/** The line editor: keys by rows, and any keys at all against a plain twin on a screen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../base/index.ts';
import { placeAfter, widthOf } from './cells.ts';
import { LineEditor, type LineEvent, LONGEST_LINE } from './line-editor.ts';
import { Screen } from './screen-fixture.ts';

type Stage = Readonly<{ editor: LineEditor; screen: Screen; type: (...texts: string[]) => LineEvent[] }>;

/** An editor on a screen; `type` gives all that was asked for and prompts anew after each line. */
function stage(columns = 80, prompt = 'hub1# '): Stage {
  const screen = new Screen(columns);
  const editor = new LineEditor((text) => screen.write(text), columns, 24);
  editor.prompt(prompt);
  const type = (...texts: string[]): LineEvent[] => {
    const events: LineEvent[] = [];
    for (const text of texts) {
      editor.handle(utf8(text));
      for (let event = editor.next(); event !== undefined; event = editor.next()) {
        events.push(event);
        if (event.kind !== 'help' && event.kind !== 'complete') editor.prompt(prompt);
      }
    }
    return events;
  };
  return { editor, screen, type };
}

const ESC = '\u001b';
const UP = `${ESC}[A`;
const LEFT = `${ESC}[D`;

const lines = [
  { name: 'characters', keys: 'show route\r', line: 'show route' },
  { name: 'LF', keys: 'show route\n', line: 'show route' },
  { name: 'CR LF, once', keys: 'show route\r\n', line: 'show route' },
  { name: 'CR NUL, once', keys: 'show route\r\0', line: 'show route' },
  { name: 'UTF-8', keys: 'description Zürich 東京\r', line: 'description Zürich 東京' },
  { name: 'backspace', keys: 'shoo\u007fw\r', line: 'show' },
  { name: 'Control-H', keys: 'shoo\bw\r', line: 'show' },
  { name: 'backspace at the start', keys: '\u007f\u007fshow\r', line: 'show' },
  { name: 'left and insert', keys: `sow${LEFT}${LEFT}h\r`, line: 'show' },
  { name: 'left by SS3', keys: `sow${ESC}OD${ESC}ODh\r`, line: 'show' },
  { name: 'Home and End', keys: `ow${ESC}[Hsh${ESC}[F x\r`, line: 'show x' },
  { name: 'Home and End as vt220', keys: `ow${ESC}[1~sh${ESC}[4~ x\r`, line: 'show x' },
  { name: 'Delete', keys: `xshow${ESC}[H${ESC}[3~\r`, line: 'show' },
  { name: 'Control-A and Control-E', keys: 'ow\u0001sh\u0005 x\r', line: 'show x' },
  { name: 'Control-B and Control-F', keys: 'hw\u0002\u0002s\u0006o\r', line: 'show' },
  { name: 'Control-D within a line', keys: 'xshow\u0001\u0004\r', line: 'show' },
  { name: 'Control-K', keys: `show route${LEFT.repeat(6)}\u000b\r`, line: 'show' },
  { name: 'Control-U', keys: 'bad\u0015show\r', line: 'show' },
  { name: 'Control-W', keys: 'show 10.0.0.1\u0017route\r', line: 'show route' },
  { name: 'Control-Y', keys: 'route\u0015show \u0019\r', line: 'show route' },
  { name: 'Control-T', keys: 'shwo\u0014\r', line: 'show' },
  { name: 'Meta-B and Meta-D', keys: `show xx${ESC}b${ESC}droute\r`, line: 'show route' },
  { name: 'Control-Left', keys: `show route${ESC}[1;5Dx\r`, line: 'show xroute' },
  { name: 'Meta-Backspace', keys: `show a-b${ESC}\u007fc\r`, line: 'show a-c' },
  { name: 'Control-V and a question mark', keys: 'a\u0016?b\r', line: 'a?b' },
  { name: 'control characters', keys: 'a\u0000\u0006\u0007\u000f\u001cb\r', line: 'ab' },
  {
    name: 'unknown sequences',
    keys: `a${ESC}[15~${ESC}[?1;2c${ESC}Pq#0${ESC}\\${ESC}]0;t\u0007${ESC}Mb\r`,
    line: 'ab',
  },
  { name: 'C1 controls', keys: 'a\u009b\u0085b\r', line: 'ab' },
  { name: 'a bracketed paste, its Tab and question mark', keys: `${ESC}[200~a?\tb${ESC}[201~\r`, line: 'a? b' },
  { name: 'a mark that joins its letter', keys: 'e\u0301x\u007f\u007fy\r', line: 'y' },
] as const;

for (const { name, keys, line } of lines) {
  test(`a line of ${name}`, () => {
    assert.deepEqual(stage().type(keys), [{ kind: 'line', line }]);
    // However the bytes are cut.
    const { editor } = stage();
    for (const byte of utf8(keys)) editor.handle(Uint8Array.of(byte));
    assert.deepEqual(editor.next(), { kind: 'line', line });
  });
}

test('the question mark asks at once and is no part of the line', () => {
  const { type, editor } = stage();
  assert.deepEqual(type('sh cry?'), [{ kind: 'help', before: 'sh cry' }]);
  assert.equal(editor.line, 'sh cry');
  assert.deepEqual(type(`${LEFT}${LEFT}?`), [{ kind: 'help', before: 'sh c' }]);
});

test('Tab asks for the rest of the word before the cursor', () => {
  const { type, editor } = stage();
  assert.deepEqual(type('sh\t'), [{ kind: 'complete', before: 'sh' }]);
  editor.insert('ow ');
  assert.equal(editor.line, 'show ');
});

test('Control-C, Control-Z and Control-D', () => {
  const { type, screen } = stage();
  assert.deepEqual(type('bad\u0003'), [{ kind: 'interrupt' }]);
  assert.deepEqual(type('bad\u001a'), [{ kind: 'leave' }]);
  assert.deepEqual(type('\u0004'), [{ kind: 'end-of-input' }]);
  assert.deepEqual(screen.lines, ['hub1# bad^C', 'hub1# bad^Z', 'hub1#', 'hub1#']);
});

test('history goes up and down, and gives the line being typed back', () => {
  const { type, editor } = stage();
  type('show route\rshow bgp\rshow bgp\rdra');
  type(UP);
  assert.equal(editor.line, 'show bgp');
  type('\u0010');
  assert.equal(editor.line, 'show route');
  type(UP);
  assert.equal(editor.line, 'show route');
  type('\u000e', `${ESC}[B`);
  assert.equal(editor.line, 'dra');
  type('\u000e');
  assert.equal(editor.line, 'dra');
});

test('history is bounded, lists keys as stars and does not call them back', () => {
  const { type, editor } = stage();
  for (let i = 0; i < 600; i++) type(`show ${i}\r`);
  type('show route\r ikev2 local-authentication pre-shared-key OpenSesame\r');
  assert.equal(editor.history.list().length, 500);
  assert.equal(editor.history.list().at(-1), ' ikev2 local-authentication pre-shared-key *****');
  type(UP);
  assert.equal(editor.line, 'show route');
  for (let i = 0; i < 1000; i++) type(UP);
  assert.doesNotMatch(editor.line, /OpenSesame/);
});

test('a line that is too long is refused whole', () => {
  const { type, screen, editor } = stage();
  assert.deepEqual(type('x'.repeat(LONGEST_LINE + 1), 'y', '\r'), [{ kind: 'too-long' }]);
  assert.ok(screen.bells > 0);
  assert.deepEqual(type(`${'x'.repeat(LONGEST_LINE)}\r`), [{ kind: 'line', line: 'x'.repeat(LONGEST_LINE) }]);
  type('x'.repeat(LONGEST_LINE + 1), '\u0015');
  assert.equal(editor.line, '');
  assert.deepEqual(type('show\r'), [{ kind: 'line', line: 'show' }]);
});

test('what is typed ahead waits for the prompt, and is written once', () => {
  const screen = new Screen(80);
  const editor = new LineEditor((text) => screen.write(text), 80, 24);
  editor.handle(utf8('first\rsecond\rthi'));
  assert.equal(editor.next(), undefined);
  for (const line of ['first', 'second']) {
    editor.prompt('> ');
    assert.deepEqual(editor.next(), { kind: 'line', line });
    assert.equal(editor.next(), undefined);
  }
  editor.prompt('> ');
  assert.equal(editor.next(), undefined);
  assert.deepEqual(screen.lines, ['> first', '> second', '> thi']);
});

test('whole lines can be taken at once, up to one that needs editing', () => {
  const { editor } = stage();
  editor.handle(utf8('one\r\n two\n\nthree\rfo\u007f\rfive\r'));
  const all = (lines: readonly string[]): number => lines.length;
  assert.deepEqual(
    editor.takeLines(() => 1),
    ['one'],
  );
  assert.deepEqual(editor.takeLines(all), [' two', '', 'three']);
  assert.deepEqual(editor.next(), { kind: 'line', line: 'f' });
  assert.deepEqual(editor.takeLines(all), ['five']);
});

test('Control-C is found behind what was typed ahead, which it drops', () => {
  const { editor } = stage();
  editor.stop();
  editor.handle(utf8('show route\rsh\u0003x'));
  assert.equal(editor.interrupted(), true);
  assert.equal(editor.interrupted(), false);
  editor.prompt('# ');
  editor.next();
  assert.equal(editor.line, 'x');
});

test('text above the prompt, or help below it, leaves the line as it was', () => {
  const { editor, screen, type } = stage(20);
  type('show crypto ikev2 sa', LEFT);
  editor.above('something happened\r\n');
  assert.deepEqual(screen.lines, ['something happened', 'hub1# show crypto ik', 'ev2 sa']);
  editor.suspend('?');
  screen.write('  words\r\n');
  editor.prompt('hub1# ');
  assert.deepEqual(screen.lines.slice(2), ['ev2 sa?', '  words', 'hub1# show crypto ik', 'ev2 sa']);
  assert.deepEqual(type('x\r'), [{ kind: 'line', line: 'show crypto ikev2 sxa' }]);
});

test('another width wraps the line anew', () => {
  const wide = stage(40);
  wide.type('show crypto ikev2 sa detail');
  wide.editor.resize(20, 24);
  wide.type('\u0001');
  assert.deepEqual(wide.type('\u0005\r'), [{ kind: 'line', line: 'show crypto ikev2 sa detail' }]);
});

/** Edits with what they do to a plain line and cursor. */
const edits = {
  [LEFT]: (line: string[], at: number) => [line, Math.max(0, at - 1)],
  [`${ESC}[C`]: (line: string[], at: number) => [line, Math.min(line.length, at + 1)],
  '\u0001': (line: string[]) => [line, 0],
  '\u0005': (line: string[]) => [line, line.length],
  '\u007f': (line: string[], at: number) => (at > 0 ? [line.toSpliced(at - 1, 1), at - 1] : [line, at]),
  [`${ESC}[3~`]: (line: string[], at: number) => [line.toSpliced(at, 1), at],
  '\u000b': (line: string[], at: number) => [line.slice(0, at), at],
  '\u0018': (line: string[], at: number) => [line.slice(at), 0],
} satisfies Record<string, (line: string[], at: number) => [string[], number]>;

const strokes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'abcdefgh 1234.-ü東', 'show crypto', 'a word and another') },
    { weight: 2, arbitrary: fc.constantFrom(...Object.keys(edits)) },
  ),
  { maxLength: 60 },
);

test('what stands on the screen is the line of a plain twin, at any width', () => {
  fc.assert(
    fc.property(strokes, fc.integer({ min: 3, max: 30 }), (keys, columns) => {
      const prompt = 'r# ';
      const { editor, screen, type } = stage(columns, prompt);
      let line: string[] = [];
      let at = 0;
      for (const key of keys) {
        type(key);
        const edit = (edits as Record<string, (line: string[], at: number) => [string[], number]>)[key];
        if (edit === undefined) {
          line = line.toSpliced(at, 0, ...key);
          at += [...key].length;
        } else [line, at] = edit(line, at);
        assert.equal(editor.line, line.join(''));
        const twin = new Screen(columns);
        twin.write(prompt + line.join(''));
        const shown = [...screen.lines];
        while (shown.length > 1 && shown.at(-1) === '') shown.pop();
        const wanted = [...twin.lines];
        while (wanted.length > 1 && wanted.at(-1) === '') wanted.pop();
        assert.deepEqual(shown, wanted);
        assert.deepEqual(screen.cursor, placeAfter(prompt + line.slice(0, at).join(''), columns));
      }
    }),
    { numRuns: 300 },
  );
});

test('no bytes make it throw, and no line is longer than allowed or holds a control character', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }), (chunks) => {
      const { editor } = stage(17);
      for (const chunk of chunks) {
        editor.handle(chunk);
        for (let event = editor.next(); event !== undefined; event = editor.next()) {
          if (event.kind === 'line') assert.doesNotMatch(event.line, /\p{Cc}/u);
          if (event.kind !== 'help' && event.kind !== 'complete') editor.prompt('# ');
        }
        assert.ok(widthOf(editor.line) <= 2 * LONGEST_LINE);
      }
    }),
    { numRuns: 500 },
  );
});
