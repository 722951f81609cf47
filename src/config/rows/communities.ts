/** BGP communities as text (RFC 1997): `65000:100`, a plain number, or a well-known name. */
import type { Param } from '../parameters.ts';

const WELL_KNOWN: Readonly<Record<string, number>> = {
  internet: 0,
  'no-export': 0xffffff01,
  'no-advertise': 0xffffff02,
  'local-as': 0xffffff03,
};

/** A parameter that takes one community as text. */
export function communityParam(help: string): Param<string> {
  return {
    kind: 'name',
    help,
    shape: 'AA:NN',
    optional: false,
    many: false,
    write: String,
    read: (line, index) => {
      const word = line.tokens[index]?.text ?? '';
      return parse(word) === undefined
        ? {
            ok: false,
            fault: { code: 'malformed', message: 'expected a community such as 65000:100, no-export or no-advertise' },
          }
        : { ok: true, value: word, used: 1 };
    },
  };
}

/** The 32-bit number of a community that was read. */
export function communityNumber(text: string): number {
  return parse(text) ?? 0;
}

/** A community as the running configuration shows it. */
export function communityText(community: number): string {
  const name = Object.keys(WELL_KNOWN).find((word) => WELL_KNOWN[word] === community);
  return name ?? `${community >>> 16}:${community & 0xffff}`;
}

function parse(text: string): number | undefined {
  const known = WELL_KNOWN[text.toLowerCase()];
  if (known !== undefined) return known;
  if (/^\d{1,10}$/.test(text)) return Number(text) <= 0xffffffff ? Number(text) : undefined;
  const parts = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  const [high, low] = [Number(parts?.[1]), Number(parts?.[2])];
  return parts === null || high > 65535 || low > 65535 ? undefined : high * 65536 + low;
}
