/** Findings that are known and accepted: told apart by rule, device and the text of their lines, not by line numbers. */
import { fail, ok, type Result } from '../base/index.ts';
import type { Finding } from './rule.ts';

/** The same for as long as the rule, the lines' texts and their order in file are the same. */
export function fingerprint({ rule, lines, message }: Finding): string {
  const places = lines.map(({ device, text }) => `${device} ${text.trim()}`);
  return hash([rule, ...(places.length === 0 ? [message] : places)].join('\n'));
}

export function baselineText(findings: readonly Finding[]): string {
  const counts = new Map<string, Readonly<{ rule: string; message: string; count: number }>>();
  for (const one of findings) {
    const key = fingerprint(one);
    const known = counts.get(key);
    counts.set(key, { rule: one.rule, message: one.message, count: (known?.count ?? 0) + 1 });
  }
  const entries = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, one]) => ({ fingerprint: id, ...one }));
  return `${JSON.stringify({ version: 1, findings: entries }, null, 2)}\n`;
}

/** How often each fingerprint is accepted, or a sentence why the text is no baseline. */
export function readBaseline(text: string): Result<ReadonlyMap<string, number>, string> {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || !('findings' in value) || !Array.isArray(value.findings)) {
    return fail('it is no baseline that `--write-baseline` wrote');
  }
  const known = new Map<string, number>();
  for (const one of value.findings as readonly unknown[]) {
    if (typeof one !== 'object' || one === null || !('fingerprint' in one) || typeof one.fingerprint !== 'string') {
      return fail('one of its findings has no fingerprint');
    }
    known.set(one.fingerprint, 'count' in one && typeof one.count === 'number' ? one.count : 1);
  }
  return ok(known);
}

/** Findings that are not accepted. */
export function withoutKnown(findings: readonly Finding[], known: ReadonlyMap<string, number>): readonly Finding[] {
  const left = new Map(known);
  return findings.filter((one) => {
    const key = fingerprint(one);
    const more = left.get(key) ?? 0;
    if (more > 0) left.set(key, more - 1);
    return more === 0;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** FNV-1a with 64 bits, as hexadecimal digits: no secret hangs on it. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    value = ((value ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return value.toString(16).padStart(16, '0');
}
