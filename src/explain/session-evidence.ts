/** What logs and sessions tell of a BGP session that does not come up. */
import type { IpAddress } from '../base/index.ts';
import type { BgpCase, BgpEnd } from './bgp-case.ts';

/** State and last error of both ends, as far as they run. */
export function sessionsSeen({ near, far }: BgpCase): readonly string[] {
  return [near, ...(far === undefined ? [] : [far])].flatMap(({ device, session }) => {
    if (session === undefined) return [];
    const error = session.lastError ?? session.lastReset;
    return [`${device.name}: ${session.address} is ${session.state}${error === undefined ? '' : `, ${error}`}`];
  });
}

/** Connections from an address that were refused because nobody is configured there. */
export function refusals({ device }: BgpEnd, caller: IpAddress): readonly string[] {
  const found = (device.snapshot?.log ?? []).filter(
    ({ code, subject }) => code === 'refused' && subject === caller.toString(),
  );
  const last = found.at(-1);
  return last === undefined ? [] : [`${device.name}: ${last.text} (${found.length} times)`];
}

/** A NOTIFICATION that an end sent or received last, with its data as a number. */
export function notified(
  { session }: BgpEnd,
  code: number,
  subcode: number,
): Readonly<{ way: 'sent' | 'received'; text: string; data: number | undefined }> | undefined {
  const text = session?.lastError ?? '';
  const match =
    /^notification (sent|received) (?:to|from) neighbor \S+ (\d+)\/(\d+) \([^)]*\)(?: \d+ bytes ([0-9A-F]+))?/.exec(
      text,
    );
  if (match === null || Number(match[2]) !== code || Number(match[3]) !== subcode) return undefined;
  const data = match[4] === undefined ? undefined : Number.parseInt(match[4], 16);
  return { way: match[1] === 'sent' ? 'sent' : 'received', text, data };
}
