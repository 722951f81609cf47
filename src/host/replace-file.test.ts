import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replaceFile } from './replace-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-replace-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a file gets its new content and keeps its mode', () => {
  const path = join(folder, 'one.cfg');
  writeFileSync(path, 'old');
  chmodSync(path, 0o640);
  assert.deepEqual(replaceFile(path, 'new'), { ok: true, value: undefined });
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test("a new file is nobody else's to read", () => {
  const path = join(folder, 'fresh.cfg');
  assert.ok(replaceFile(path, 'x').ok);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a link stays a link, and the file behind it changes', () => {
  const path = join(folder, 'target.cfg');
  const link = join(folder, 'link.cfg');
  writeFileSync(path, 'old');
  symlinkSync(path, link);
  assert.ok(replaceFile(link, 'new').ok);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(path, 'utf8'), 'new');
});

test('what can not be written leaves the file as it was and nothing beside it', () => {
  const path = join(folder, 'nosuch', 'x.cfg');
  const result = replaceFile(path, 'x');
  assert.deepEqual(result, { ok: false, error: `${path} can not be written: there is no such file or folder` });
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.includes('.new')),
    [],
  );
});
