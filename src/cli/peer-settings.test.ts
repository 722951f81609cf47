import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, fromUtf8, ok, toHex } from '../base/index.ts';
import { readHostFile } from '../host/index.ts';
import { loadPeerSettings } from './peer-settings.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/ww/text.key': 'correct horse battery staple\n',
  '/etc/ww/hex.key': '0x00FF10\n',
  '/etc/ww/odd.key': '0x00F',
  '/etc/ww/two.key': 'one\ntwo\n',
  '/etc/ww/empty.key': '\n',
};

function load(text: string) {
  const host = readHostFile(text, '/etc/ww/wheelwright.yaml');
  assert.ok(host.ok, host.ok ? '' : host.error.map(({ message }) => message).join('\n'));
  return loadPeerSettings(host.value, (path) => {
    const found = FILES[path];
    return found === undefined ? fail(`${path} can not be read`) : ok(found);
  });
}

test('MOBIKE and reauthentication by peer, or for all', () => {
  const read = load('ike: [{mobike: offer}, {peer: Tunnel1, mobike: off, reauthenticate: 3600}]\n');
  assert.deepEqual(read, {
    ok: true,
    value: [
      { peer: '*', mobike: 'offer' },
      { peer: 'Tunnel1', mobike: 'off', reauthenticateMs: 3_600_000 },
    ],
  });
});

test('keys as text and in hexadecimal, from files beside the host file', () => {
  const read = load(
    'ppk: [{peer: a, id: blue, key-file: text.key, required: true}, {peer: b, id: x, key-file: hex.key}]\n',
  );
  assert.ok(read.ok);
  const [first, second] = read.value.map(({ ppk }) => ppk);
  assert.equal(fromUtf8(first?.key.reveal() ?? new Uint8Array()), 'correct horse battery staple');
  assert.deepEqual([fromUtf8(first?.id ?? new Uint8Array()), first?.type, first?.required], ['blue', 'fixed', true]);
  assert.equal(toHex(second?.key.reveal() ?? new Uint8Array()), '00ff10');
  assert.equal(second?.required, false);
  assert.doesNotMatch(JSON.stringify(read.value), /horse/);
});

for (const file of ['odd', 'two', 'empty', 'missing']) {
  test(`a key file that is ${file} is one clear sentence without the key`, () => {
    const read = load(`ppk: [{peer: a, id: blue, key-file: ${file}.key}]\n`);
    assert.ok(!read.ok);
    assert.equal(read.error.length, 1);
    assert.match(read.error[0] ?? '', new RegExp(`^/etc/ww/${file}.key`));
    assert.doesNotMatch(read.error[0] ?? '', /one\b.*two|00F/);
  });
}

for (const text of ['ike: [{mobike: maybe}]', 'ike: [{reauthenticate: 5}]', 'ike: [{pear: x}]']) {
  test(`refused: ${text}`, () => {
    assert.equal(readHostFile(`${text}\n`, '/etc/ww/wheelwright.yaml').ok, false);
  });
}
