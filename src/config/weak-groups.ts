/**
 * How strong key exchanges are beside the ciphers they make keys for. The rule that the platforms' own guides give:
 * with keys of 128 bits groups 19 or 20, with keys of 256 bits group 21. Advice: reading a file does not say it.
 */
import type { DeviceModel, Diagnostic, Position } from './model.ts';

/** About as many bits of strength (NIST SP 800-57 part 1, table 2). Others are weaker than any cipher asks for. */
const STRENGTHS: ReadonlyMap<number, number> = new Map([
  [15, 128],
  [16, 152],
  [17, 176],
  [18, 192],
  [19, 128],
  [20, 192],
  [21, 256],
  [31, 128],
  [32, 224],
]);

/** Encryption that has no key is no reason for a group. */
const NULL_CIPHERS: ReadonlySet<number> = new Set([11, 21]);

type Ciphers = readonly Readonly<{ encr: number; keyBits: number }>[];

/** Notes about groups that fall short of what they make keys for: of IKE SAs, and of child SAs (PFS). */
export function weakGroups(model: DeviceModel): readonly Diagnostic[] {
  const notes: Diagnostic[] = [];
  const tell = (ciphers: Ciphers, groups: readonly number[], position: Position): void => {
    const bits = Math.max(0, ...ciphers.map(({ encr, keyBits }) => (NULL_CIPHERS.has(encr) ? 0 : keyBits)));
    if (bits < 128) return;
    const weak = groups.filter((group) => (STRENGTHS.get(group) ?? 0) < bits);
    if (weak.length === 0) return;
    const message = `group ${weak.join(', ')} is weaker than the ${bits}-bit keys that it is for`;
    const expected = WANTED.find(([least]) => bits <= least)?.[1] ?? 'group 21';
    notes.push({ severity: 'note', position, code: 'weak-group', message, expected });
  };
  for (const one of [...model.ikePolicies, ...model.ikeProposals]) {
    // A group that no line chose is the platform's own: there is no line to name.
    const position = one.written.attributes['groups'];
    if (position !== undefined) tell(one.encryption, one.groups, position);
  }
  for (const one of model.ipsecProfiles) {
    if (one.pfsGroup === undefined) continue;
    const proposals = model.espProposals.filter(({ name }) => one.proposals.includes(name));
    tell(
      proposals.flatMap(({ encryption }) => encryption),
      [one.pfsGroup],
      one.written.attributes['pfsGroup'] ?? one.written.start,
    );
  }
  return notes;
}

const WANTED = [
  [128, 'group 19 or 20'],
  [192, 'group 20 or 21'],
] as const;
