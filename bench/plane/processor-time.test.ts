/** What is read from /proc, of this process. */
import assert from 'node:assert/strict';
import { platform } from 'node:process';
import { test } from 'node:test';
import { machineSeconds, processSeconds, residentMegabytes } from './processor-time.ts';

const linux = { skip: platform !== 'linux' };

test("processor time grows with work, the machine's by no less", linux, () => {
  const before = [processSeconds([process.pid]), machineSeconds()] as const;
  while (processSeconds([process.pid]) < before[0] + 0.05);
  assert.ok(machineSeconds() - before[1] >= 0.03, 'the machine did not work');
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1e6;
  assert.ok(Math.abs(processSeconds([process.pid]) - own) < 0.1, 'Node counts otherwise');
});

test('memory is what Node says it is', linux, () => {
  const megabytes = residentMegabytes([process.pid]) ?? 0;
  assert.ok(Math.abs(megabytes - process.memoryUsage.rss() / 1e6) < 20, `${megabytes}`);
  assert.equal(residentMegabytes([]), undefined);
});
