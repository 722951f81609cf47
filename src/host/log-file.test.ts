import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LogFile } from './log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheelwright-log-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('lines are appended, and go to a new file once the old one was moved away', () => {
  const path = join(folder, 'gw.log');
  const log = new LogFile(path, (text) => assert.fail(text));
  log.append('one\n');
  log.append('two\n');
  renameSync(path, `${path}.1`);
  log.append('three\n');
  log.reopen();
  log.append('four\n');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\nthree\n');
  assert.equal(readFileSync(path, 'utf8'), 'four\n');
});

test('a fault is told once, and what is missing stands in the file when it works again', () => {
  const path = join(folder, 'faulty.log');
  const told: string[] = [];
  const log = new LogFile(path, (text) => told.push(text));
  mkdirSync(path);
  for (const line of ['one\n', 'two\n', 'three\n']) log.append(line);
  rmdirSync(path);
  log.append('four\n');
  assert.deepEqual(told, [
    `The log file ${path} can not be written: it is a folder; the gateway goes on without it`,
    `The log file ${path} can be written again`,
  ]);
  assert.equal(readFileSync(path, 'utf8'), '-- 3 entries are missing: the file could not be written --\nfour\n');
});

test('a full disk is such a fault', { skip: process.platform !== 'linux' }, () => {
  const told: string[] = [];
  const log = new LogFile('/dev/full', (text) => told.push(text));
  log.append('x\n');
  log.append('y\n');
  assert.deepEqual(told, [
    'The log file /dev/full can not be written: no space is left; the gateway goes on without it',
  ]);
});
