import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileSink, readText, writeTexts } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('texts are written below folders that are made as needed, and read back', () => {
  const below = join(folder, 'a/b');
  assert.deepEqual(
    writeTexts(
      below,
      new Map([
        ['one', '1'],
        ['deep/two', '2'],
      ]),
    ),
    { ok: true, value: 2 },
  );
  assert.deepEqual(readText(join(below, 'deep/two')), { ok: true, value: '2' });
});

test('what can not be read or written is one sentence', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const texts = new Map([['one', '1']]);
  const rows = [
    [readText(join(folder, 'missing')), /missing can not be read: there is no such file or folder$/],
    [readText(folder), /can not be read: it is a folder$/],
    [writeTexts(join(file, 'keys'), texts), /can not be written: a file stands where a folder is needed$/],
    [fileSink(folder), /can not be written: it is a folder$/],
  ] as const;
  for (const [result, sentence] of rows) {
    assert.ok(!result.ok);
    assert.match(result.error, sentence);
  }
});

test('a folder that the kernel refuses to make is refused at once', { skip: process.platform !== 'linux' }, () => {
  const result = writeTexts('/proc/wheelwright', new Map([['one', '1']]));
  assert.ok(!result.ok);
});

test('a sink keeps the order of small and large pieces', () => {
  const path = join(folder, 'sink');
  const sink = fileSink(path);
  assert.ok(sink.ok);
  const pieces = [3, 70_000, 1, 65_536, 65_535, 2].map((length, i) => new Uint8Array(length).fill(i + 1));
  for (const piece of pieces) sink.value.write(piece);
  const expected = Buffer.concat(pieces);
  assert.deepEqual(sink.value.close(), { ok: true, value: expected.length });
  assert.ok(readFileSync(path).equals(expected));
});

test('a full disk is told when the sink is closed', { skip: process.platform !== 'linux' }, () => {
  const sink = fileSink('/dev/full');
  assert.ok(sink.ok);
  sink.value.write(new Uint8Array(100_000));
  sink.value.write(new Uint8Array(10));
  assert.deepEqual(sink.value.close(), { ok: false, error: '/dev/full can not be written: no space is left' });
});
