/** The two ends of a tunnel: what they negotiate, and how they prove who they are. */
import { disagreements, nearestPair, placeOf, type SourceLine } from '../../explain/index.ts';
import type { Suite } from '../pair-parts.ts';
import type { Check, Found, Rule } from '../rule.ts';
import { bothWays, isDiagnosed, type KeyInUse, type TunnelEnd, type TunnelPair } from '../tunnel-pair.ts';

type PairRule = (pair: TunnelPair & Readonly<{ far: TunnelEnd }>) => readonly Found[];

/** A rule that needs both ends, and is not asked where `explain` has the same one for these dialects. */
export function ofBoth(find: PairRule, { diagnosedToo }: Readonly<{ diagnosedToo: boolean }>): Check {
  return {
    over: 'pair',
    find: (pair) => {
      const { far } = pair;
      if (far === undefined || !isFirst(pair) || (!diagnosedToo && isDiagnosed(pair))) return [];
      return find({ ...pair, far });
    },
  };
}

/** Two static tunnels that lead to one another make two pairs: one of them is enough. */
function isFirst({ near, far }: TunnelPair): boolean {
  if (far?.tunnel.kind !== 'tunnel' || near.address === undefined) return true;
  const isMutual = far.tunnel.tunnel?.destination?.equals(near.address) === true;
  return !isMutual || near.device.name <= far.device.name;
}

const IKE_TYPES = ['encryption', 'integrity', 'prf', 'groups'] as const;

const NAMES = { encryption: 'encryption', integrity: 'integrity', prf: 'PRF', groups: 'Diffie-Hellman group' } as const;

function ikeMismatch(wanted: (typeof IKE_TYPES)[number] | 'several'): PairRule {
  return ({ near, far }) => {
    const pair = nearestPair<Suite>(near.suites, far.suites);
    if (pair === undefined) return [];
    const { a, b, lacks } = pair;
    if ((lacks.length > 1 ? 'several' : lacks[0]) !== wanted) return [];
    const what = lacks.map((one) => NAMES[one]).join(', no ');
    return [
      {
        message: `the IKE proposals of ${near.device.name} and ${far.device.name} have no ${what} in common`,
        lines: lacks.flatMap((one) => [near.device.lineOf(a.written, one), far.device.lineOf(b.written, one)]),
      },
    ];
  };
}

function espMismatch(wanted: 'encryption' | 'integrity' | 'several'): PairRule {
  return ({ near, far }) => {
    const pair = nearestPair(near.esp, far.esp);
    if (pair === undefined) return [];
    const { a, b, lacks } = pair;
    if ((lacks.length > 1 ? 'several' : lacks[0]) !== wanted) return [];
    return [
      {
        message: `the ESP proposals of ${near.device.name} and ${far.device.name} have no ${lacks.join(', no ')} in common`,
        lines: lacks.flatMap((one) => [near.device.lineOf(a.written, one), far.device.lineOf(b.written, one)]),
      },
    ];
  };
}

/** Line of a key: some dialects write both directions in one. */
function keyLine({ device }: TunnelEnd, { written, attribute }: KeyInUse): SourceLine {
  const known = written.attributes[attribute];
  if (known !== undefined) return device.lineAt(known);
  const { line } = placeOf(written, 'key');
  const own = device.lineWith(`pre-shared-key ${attribute === 'localKey' ? 'local' : 'remote'}`, written.start);
  // One line without a direction is for both, and a line further down is another peer's.
  return own.position.line > line ? device.lineAt(placeOf(written, 'key')) : own;
}

const keyMismatch: PairRule = (pair) =>
  bothWays(pair).flatMap(([from, to]) => {
    const { localKey: proved } = from;
    const { remoteKey: expected } = to;
    if (proved === undefined || expected === undefined || proved.key.equals(expected.key)) return [];
    const message = `${from.device.name} proves another key (local) than ${to.device.name} expects of it (remote)`;
    return [{ message, lines: [keyLine(from, proved), keyLine(to, expected)] }];
  });

const identityMismatch: PairRule = (pair) =>
  bothWays(pair).flatMap(([from, to]) => {
    const rules = to.ikeProfile?.remoteIdentities ?? [];
    const { address, identity } = from;
    if (to.ikeProfile === undefined || rules.length === 0 || to.ikeProfile.certificateMaps.length > 0) return [];
    const fits = rules.some((rule) => {
      if (rule.kind === 'any') return true;
      if (identity === undefined)
        return rule.kind === 'address' && address !== undefined && rule.prefix.contains(address);
      if (rule.kind === 'key-id') return rule.text === identity;
      if (rule.kind === 'address') return false;
      return rule.domain ? identity.endsWith(rule.name) : rule.name === identity;
    });
    if (fits || (identity === undefined && address === undefined)) return [];
    const lines = [to.device.lineWith('match identity remote', to.ikeProfile.written.start)];
    const own = from.ikeProfile?.written.attributes['localIdentity'];
    if (own !== undefined) lines.push(from.device.lineAt(own));
    const message = `${from.device.name} calls itself ${identity ?? address}, which no match identity remote of ${to.device.name}'s profile ${to.ikeProfile.name} takes`;
    return [{ message, lines }];
  });

const pfsMismatch: PairRule = ({ near, far }) => {
  const [ours, theirs] = [near.profile, far.profile];
  if (ours === undefined || theirs === undefined || ours.pfsGroup === theirs.pfsGroup) return [];
  const isRefused = ours.pfsGroup !== undefined && theirs.pfsGroup !== undefined;
  const said = (group: number | undefined): string => (group === undefined ? 'no group' : `group ${group}`);
  return [
    {
      ...(isRefused ? {} : { severity: 'note' as const }),
      message: `${near.device.name} rekeys with ${said(ours.pfsGroup)} and ${far.device.name} with ${said(theirs.pfsGroup)}${isRefused ? ': the first rekey is refused' : ''}`,
      lines: [near.device.lineOf(ours.written, 'pfsGroup'), far.device.lineOf(theirs.written, 'pfsGroup')],
    },
  ];
};

const esnMismatch: PairRule = ({ near, far }) => {
  const agreed = near.esp.flatMap((a) =>
    far.esp.filter((b) => disagreements(a, b).length === 0).map((b) => ({ a, b })),
  );
  if (agreed.length === 0 || agreed.some(({ a, b }) => (a.esn ?? false) === (b.esn ?? false))) return [];
  const [first] = agreed;
  if (first === undefined) return [];
  return [
    {
      message: `one of ${near.device.name} and ${far.device.name} wants extended sequence numbers and the other does not`,
      lines: [near.device.lineOf(first.a.written, 'esn'), far.device.lineOf(first.b.written, 'esn')],
    },
  ];
};

const nobodyBegins: PairRule = ({ near, far }) => {
  const [ours, theirs] = [near.profile, far.profile];
  if (ours?.responderOnly !== true || theirs === undefined) return [];
  if (!theirs.responderOnly && far.tunnel.kind === 'tunnel') return [];
  return [
    {
      message: `${near.device.name} only answers, and ${far.device.name} ${theirs.responderOnly ? 'only answers, too' : 'waits for it on a virtual template'}: nobody begins`,
      lines: [near.device.lineOf(ours.written, 'responderOnly'), far.device.lineOf(theirs.written, 'responderOnly')],
    },
  ];
};

const lifetimesDiffer: PairRule = ({ near, far }) => {
  const life = ({ profile, device }: TunnelEnd): number => profile?.lifetimeMs ?? device.model.childLifetimeMs;
  const [ours, theirs] = [life(near), life(far)];
  if (Math.max(ours, theirs) < 3 * Math.min(ours, theirs) || near.profile === undefined || far.profile === undefined)
    return [];
  return [
    {
      message: `child SAs live ${ours / 1000} s at ${near.device.name} and ${theirs / 1000} s at ${far.device.name}: the shorter one always rekeys`,
      lines: [near.device.lineOf(near.profile.written, 'lifetime'), far.device.lineOf(far.profile.written, 'lifetime')],
    },
  ];
};

const replayDiffers: PairRule = ({ near, far }) => {
  const size = ({ profile, device }: TunnelEnd): number => profile?.replayWindow ?? device.model.replayWindow;
  const [ours, theirs] = [size(near), size(far)];
  if ((ours === 0) === (theirs === 0) || near.profile === undefined || far.profile === undefined) return [];
  const off = ours === 0 ? near : far;
  return [
    {
      message: `${off.device.name} does not check for replayed packets, the other end does`,
      lines: [
        near.device.lineOf(near.profile.written, 'replayWindow'),
        far.device.lineOf(far.profile.written, 'replayWindow'),
      ],
    },
  ];
};

const ikeRule = (id: string, wanted: Parameters<typeof ikeMismatch>[0], what: string): Rule => ({
  id,
  family: 'tunnel',
  severity: 'error',
  claim: `The IKE proposals of two ends have no ${what} in common`,
  explanation: `IKE_SA_INIT ends with NO_PROPOSAL_CHOSEN (RFC 7296 section 2.7): one proposal of each end must have an algorithm of every kind in common. Add one end's ${what} to the other's line.`,
  example: 'crypto ikev2 policy 10\n encryption aes-256\n! and at the other end\n encryption aes-192',
  check: ofBoth(ikeMismatch(wanted), { diagnosedToo: false }),
});

const espRule = (id: string, wanted: Parameters<typeof espMismatch>[0], what: string): Rule => ({
  id,
  family: 'tunnel',
  severity: 'error',
  claim: `The ESP proposals of two ends have no ${what} in common`,
  explanation: `The IKE SA comes up and no child SA does: NO_PROPOSAL_CHOSEN in IKE_AUTH. Make the ipsec-proposal or transform-set of both profiles share the ${what}.`,
  check: ofBoth(espMismatch(wanted), { diagnosedToo: false }),
});

export const pairIkeRules: readonly Rule[] = [
  ikeRule('ike-encryption-mismatch', 'encryption', 'encryption'),
  ikeRule('ike-integrity-mismatch', 'integrity', 'integrity'),
  ikeRule('ike-prf-mismatch', 'prf', 'PRF'),
  ikeRule('ike-group-mismatch', 'groups', 'Diffie-Hellman group'),
  ikeRule('ike-proposal-mismatch', 'several', 'complete set of algorithms'),
  espRule('esp-encryption-mismatch', 'encryption', 'encryption'),
  espRule('esp-integrity-mismatch', 'integrity', 'integrity'),
  espRule('esp-proposal-mismatch', 'several', 'complete set of algorithms'),
  {
    id: 'key-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'One end proves another pre-shared key than the other expects',
    explanation:
      'IKEv2 has a key for each direction (RFC 7296 section 2.15): what one end proves (local) must be what the other expects (remote). IKE_AUTH ends with AUTHENTICATION_FAILED. Keys are never printed here.',
    example:
      ' ikev2 local-authentication pre-shared-key ONE\n! and at the other end\n ikev2 remote-authentication pre-shared-key TWO',
    check: ofBoth(keyMismatch, { diagnosedToo: false }),
  },
  {
    id: 'identity-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'One end calls itself what the other does not look for',
    explanation:
      'The responder finds the peer by its identity. Let `match identity remote` (or the tunnel-group) name what the other end sends by `identity local` or `crypto isakmp identity`.',
    check: ofBoth(identityMismatch, { diagnosedToo: false }),
  },
  {
    id: 'pfs-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'The two ends rekey with different groups',
    explanation:
      'The first child SA is made without a key exchange of its own (RFC 7296 section 1.2), so the tunnel comes up and fails at its first rekey. Set the same `set pfs` in both profiles.',
    check: ofBoth(pfsMismatch, { diagnosedToo: false }),
  },
  {
    id: 'esn-mismatch',
    family: 'tunnel',
    severity: 'error',
    claim: 'One end wants extended sequence numbers and the other does not',
    explanation: 'Extended sequence numbers are a transform of their own (RFC 7296 section 3.3.2) and must agree.',
    check: ofBoth(esnMismatch, { diagnosedToo: true }),
  },
  {
    id: 'nobody-begins',
    family: 'tunnel',
    severity: 'error',
    claim: 'Both ends only answer',
    explanation: 'With `responder-only` at both ends, or at the spoke of a hub, no end sends the first message.',
    check: ofBoth(nobodyBegins, { diagnosedToo: false }),
  },
  {
    id: 'lifetimes-differ',
    family: 'tunnel',
    severity: 'note',
    claim: 'The lifetimes of child SAs are far apart',
    explanation:
      'IKEv2 does not negotiate lifetimes (RFC 7296 section 2.8): each end rekeys by its own. It works, but the end with the shorter one does all rekeys, and debugging is easier with equal ones.',
    check: ofBoth(lifetimesDiffer, { diagnosedToo: true }),
  },
  {
    id: 'replay-windows-differ',
    family: 'tunnel',
    severity: 'note',
    claim: 'One end checks for replayed packets and the other does not',
    explanation:
      'The window is local to each receiver (RFC 4303 section 3.4.3). One direction is left open to replays.',
    check: ofBoth(replayDiffers, { diagnosedToo: true }),
  },
];
