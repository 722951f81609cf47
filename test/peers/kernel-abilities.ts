/** What this machine's kernel has: tests that need more say so and are skipped. */
import { spawnSync } from 'node:child_process';

/** Why a kind of interface can not be made here; undefined: it can. */
export function lacksLink(kind: 'vrf' | 'vti', ...options: readonly string[]): string | undefined {
  const name = `wwtry${process.pid}`;
  const namespace = `wwpeer-${process.pid}-try`;
  spawnSync('ip', ['netns', 'add', namespace]);
  const made = spawnSync('ip', ['-n', namespace, 'link', 'add', name, 'type', kind, ...options], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'delete', namespace]);
  if (made.status === 0) return undefined;
  return `this kernel has no interfaces of type ${kind}: ${made.stderr.trim().split('\n')[0] ?? ''}`;
}

/** Why the kernel can not do ESP behind interfaces of its own; undefined: it can. */
export function lacksEsp(): string | undefined {
  const lacking = lacksLink('vti', 'local', '192.0.2.1', 'remote', '192.0.2.2', 'key', '7');
  if (lacking !== undefined) return lacking;
  const namespace = `wwpeer-${process.pid}-try`;
  spawnSync('ip', ['netns', 'add', namespace]);
  const state = ['src', '192.0.2.1', 'dst', '192.0.2.2', 'proto', 'esp', 'spi', '0x77000001', 'mode', 'tunnel'];
  const aead = ['aead', 'rfc4106(gcm(aes))', `0x${'00'.repeat(20)}`, '128'];
  const made = spawnSync('ip', ['-n', namespace, 'xfrm', 'state', 'add', ...state, ...aead], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'delete', namespace]);
  return made.status === 0 ? undefined : `this kernel has no ESP: ${made.stderr.trim().split('\n')[0] ?? ''}`;
}
