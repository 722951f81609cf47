/** Where a profile says that time went. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readThreadTime, stagesOf } from './cpu-profile.ts';

const BUNDLE = `// src/host/linux/libc.ts
function native() {}
// src/host/linux/outer-sender.ts
function send() {}
// src/esp/outbound-esp.ts
function seal() {}
`;

test('self time goes to the source file in the bundle; a system call to who made it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wheelwright-profile-'));
  try {
    const bundle = join(folder, 'bundle.mjs');
    writeFileSync(bundle, BUNDLE);
    const { href } = pathToFileURL(bundle);
    const node = (id: number, functionName: string, url: string, lineNumber: number, children: number[] = []) => ({
      ...{ id, children },
      callFrame: { functionName, url, lineNumber },
    });
    const profile = {
      nodes: [
        node(1, '(root)', '', -1, [2, 4, 5, 6]),
        node(2, 'send', href, 3, [3]),
        node(3, 'native', href, 1),
        node(4, 'seal', href, 5),
        node(5, '(idle)', '', -1),
        node(6, 'update', 'node:internal/crypto/cipher', 10),
      ],
      samples: [3, 4, 6, 5, 3, 2],
      // The time from one sample to the next belongs to the first of them.
      timeDeltas: [0, 10, 20, 30, 40, 50],
    };
    const file = join(folder, 'one.cpuprofile');
    writeFileSync(file, JSON.stringify(profile));
    const { isReader, functions } = readThreadTime(file);
    assert.equal(isReader, false);
    const call = functions.find(({ stage }) => stage === 'system call');
    assert.deepEqual([call?.source, call?.name, call?.microseconds], ['src/host/linux/libc.ts', 'by send', 60]);
    assert.deepEqual(stagesOf(functions), [
      { stage: 'system call', microseconds: 60 },
      { stage: 'idle', microseconds: 40 },
      { stage: 'cipher', microseconds: 30 },
      { stage: 'ESP', microseconds: 20 },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
