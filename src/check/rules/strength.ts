/** Keys and algorithms that are weaker than they need to be. */
import { fromUtf8, type SecretKey } from '../../base/index.ts';
import { type Position, weakGroups } from '../../config/index.ts';
import type { DeviceView } from '../device-view.ts';
import type { Found, Rule } from '../rule.ts';

type KeyAt = Readonly<{ key: SecretKey; position: Position }>;

function keysOf({ model }: DeviceView): readonly KeyAt[] {
  const holders = [...model.tunnelGroups, ...model.keyrings.flatMap(({ peers }) => peers), ...model.ikeProfiles];
  return holders.flatMap(({ localKey, remoteKey, written }) => {
    const at = (attribute: string): Position =>
      written.attributes[attribute] ?? written.attributes['key'] ?? written.start;
    const local = localKey === undefined ? [] : [{ key: localKey, position: at('localKey') }];
    const isSame = remoteKey !== undefined && localKey?.equals(remoteKey) === true;
    return remoteKey === undefined || isSame ? local : [...local, { key: remoteKey, position: at('remoteKey') }];
  });
}

const LEAST_KEY = 16;
const COMMON =
  /^(cisco\d*|password\d*|secret\d*|admin\d*|test\d*|changeme|letmein|qwerty|abc123|welcome\d*|vpn\d*|key\d*|default|my_?strong_?password)$/i;

function weakKeys(device: DeviceView): readonly Found[] {
  const byReason = new Map<string, Found['lines'][number][]>();
  for (const { key, position } of keysOf(device)) {
    const why = weakness(key);
    if (why === undefined) continue;
    const lines = byReason.get(why) ?? [];
    lines.push(device.lineAt(position));
    byReason.set(why, lines);
  }
  return [...byReason].map(([why, lines]) => {
    const what = lines.length === 1 ? 'a pre-shared key' : `${lines.length} pre-shared keys`;
    return { message: `${what} of ${device.name}: ${why}`, lines };
  });
}

function weakness(key: SecretKey): string | undefined {
  const text = fromUtf8(key.reveal()) ?? '';
  if (COMMON.test(text)) return 'a word that is tried first';
  if (key.length < LEAST_KEY) return `shorter than ${LEAST_KEY} characters`;
  return /^(.)\1*$|^\d+$/.test(text) ? 'characters of one kind only' : undefined;
}

function oneKey(device: DeviceView): readonly Found[] {
  const keys = keysOf(device);
  const [first] = keys;
  if (first === undefined || keys.length < 4 || !keys.every(({ key }) => key.equals(first.key))) return [];
  const message = `${device.name} has the same pre-shared key for all of its peers: who has one configuration can be any of them`;
  return [{ message, lines: [device.lineAt(first.position)] }];
}

function wildcards(device: DeviceView): readonly Found[] {
  const { model } = device;
  const rings = model.keyrings.flatMap(({ peers }) =>
    peers
      .filter(({ address, localKey, remoteKey }) => address?.length === 0 && (localKey ?? remoteKey) !== undefined)
      .map(({ written }) => device.lineOf(written, 'address')),
  );
  const groups = model.tunnelGroups
    .filter(({ name, localKey, remoteKey }) => name === 'DefaultL2LGroup' && (localKey ?? remoteKey) !== undefined)
    .map(({ written }) => device.lineOf(written, 'remoteKey'));
  return [...rings, ...groups].map((line) => ({
    message: `${device.name} takes this key from any address`,
    lines: [line],
  }));
}

const ENCR: Readonly<Record<number, string>> = { 2: 'DES', 3: '3DES', 11: 'NULL' };
const WEAK_GROUPS: Readonly<Record<number, string>> = {
  1: '768 bits',
  2: '1024 bits',
  5: '1536 bits',
  22: '1024 bits with a small subgroup',
};

type Choices = Readonly<{
  attribute: string;
  ids: readonly number[];
  written: DeviceView['model']['ikePolicies'][number]['written'];
}>;

function choices({ model }: DeviceView): readonly Choices[] {
  const ike = [...model.ikePolicies, ...model.ikeProposals];
  return [
    ...[...ike, ...model.espProposals].flatMap(({ encryption, integrity, written }) => [
      { attribute: 'encryption', ids: encryption.map(({ encr }) => encr), written },
      { attribute: 'integrity', ids: integrity, written },
    ]),
    ...ike.flatMap(({ prf, groups, written }) => [
      { attribute: 'prf', ids: prf, written },
      { attribute: 'groups', ids: groups, written },
    ]),
  ];
}

function weakChoices(attribute: string, names: Readonly<Record<number, string>>, say: (name: string) => string) {
  return (device: DeviceView): readonly Found[] =>
    choices(device)
      .filter((one) => one.attribute === attribute || (attribute === 'integrity' && one.attribute === 'prf'))
      .flatMap(({ attribute: own, ids, written }) => {
        const bad = ids.flatMap((id) => names[id] ?? []);
        return bad.length === 0 ? [] : [{ message: say(bad.join(', ')), lines: [device.lineOf(written, own)] }];
      });
}

/** The rule of the platforms' guides, at the lines that chose a group. */
function shortGroups(device: DeviceView): readonly Found[] {
  return weakGroups(device.model).map(({ message, position, expected }) => ({
    message: expected === undefined ? message : `${message}: ${expected} is not`,
    lines: [device.lineAt(position)],
  }));
}

function noPfs(device: DeviceView): readonly Found[] {
  const used = new Set(device.model.interfaces.map(({ tunnel }) => tunnel?.profile));
  return device.model.ipsecProfiles
    .filter(({ name, pfsGroup }) => pfsGroup === undefined && used.has(name))
    .map(({ name, written }) => ({
      message: `child SAs of IPsec profile ${name} are rekeyed without a key exchange of their own (no set pfs)`,
      lines: [device.lineOf(written)],
    }));
}

/** Bits that a cipher's key has: what IKE guards must not be stronger than what guards it. */
function suites(device: DeviceView): readonly Found[] {
  const { model, index } = device;
  const bits = (all: readonly Readonly<{ encr: number; keyBits: number }>[]): number[] =>
    all.map(({ keyBits }) => keyBits);
  const ike = [...model.ikePolicies, ...model.ikeProposals];
  const [strongest] = [...ike].sort((a, b) => Math.max(...bits(b.encryption)) - Math.max(...bits(a.encryption)));
  if (strongest === undefined) return [];
  const guard = Math.max(...bits(strongest.encryption));
  return model.ipsecProfiles.flatMap(({ proposals }) =>
    proposals.flatMap((name) => {
      const proposal = index.proposal(name);
      const most = proposal === undefined ? 0 : Math.min(...bits(proposal.encryption));
      if (proposal === undefined || most <= guard || guard === 0) return [];
      const message = `ESP has keys of ${most} bits, and the IKE SA that makes them of ${guard}: the whole is as strong as the weaker`;
      return [
        {
          message,
          lines: [device.lineOf(proposal.written, 'encryption'), device.lineOf(strongest.written, 'encryption')],
        },
      ];
    }),
  );
}

function quantum(device: DeviceView): readonly Found[] {
  const { model } = device;
  if (model.keyrings.some(({ peers }) => peers.some(({ ppk }) => ppk !== undefined))) return [];
  const tunnel = model.interfaces.find(({ tunnel }) => tunnel?.profile !== undefined);
  if (tunnel === undefined) return [];
  const message = `who records the tunnels of ${device.name} today may read them with a quantum computer: no postquantum pre-shared key is configured`;
  return [{ message, lines: [device.lineOf(tunnel.written)] }];
}

export const strengthRules: readonly Rule[] = [
  {
    id: 'weak-key',
    family: 'strength',
    severity: 'note',
    claim: 'A pre-shared key can be guessed',
    explanation:
      'Who records one IKE_AUTH as a responder can try words at leisure (RFC 7296 section 2.15). Use 16 random characters or more. Keys are never printed here.',
    check: { over: 'device', find: weakKeys },
  },
  {
    id: 'one-key-for-all',
    family: 'strength',
    severity: 'note',
    claim: 'All peers of a device have the same key',
    explanation: 'A stolen configuration of one site is then enough to be any of them.',
    check: { over: 'device', find: oneKey },
  },
  {
    id: 'wildcard-key',
    family: 'strength',
    severity: 'note',
    claim: 'A key is accepted from any address',
    explanation:
      'It is how hubs serve peers whose address is not known. Certificates, or keys by identity, give every peer its own.',
    check: { over: 'device', find: wildcards },
  },
  {
    id: 'weak-encryption',
    family: 'strength',
    severity: 'warning',
    claim: 'DES, 3DES or no encryption is offered',
    explanation: 'RFC 8247 and RFC 8221 rule DES out; 3DES has blocks of 64 bits. Use AES-GCM.',
    check: { over: 'device', find: weakChoices('encryption', ENCR, (name) => `${name} is offered`) },
  },
  {
    id: 'weak-hash',
    family: 'strength',
    severity: 'warning',
    claim: 'MD5 is offered',
    explanation: 'RFC 8247 rules it out. Use SHA-256 or better, or AES-GCM, which needs none.',
    check: { over: 'device', find: weakChoices('integrity', { 1: 'MD5' }, (name) => `${name} is offered`) },
  },
  {
    id: 'sha-1',
    family: 'strength',
    severity: 'note',
    claim: 'SHA-1 is offered',
    explanation: 'As an HMAC it is not broken, and RFC 8247 wants it gone all the same. Use SHA-256 or better.',
    check: { over: 'device', find: weakChoices('integrity', { 2: 'SHA-1' }, (name) => `${name} is offered`) },
  },
  {
    id: 'small-group',
    family: 'strength',
    severity: 'warning',
    claim: 'A Diffie-Hellman group below 14 is offered',
    explanation: 'Groups 1, 2, 5 and 22 are within reach (RFC 8247 section 2.4). Use 19, 20 or 21.',
    check: { over: 'device', find: weakChoices('groups', WEAK_GROUPS, (name) => `a group of ${name} is offered`) },
  },
  {
    id: 'weak-group',
    family: 'strength',
    severity: 'note',
    claim: 'A Diffie-Hellman group is weaker than the keys that it is for',
    explanation: 'With keys of 128 bits use group 19 or 20, with keys of 256 bits group 21 (NIST SP 800-57, table 2).',
    example: 'crypto ikev2 policy 10\n encryption aes-256\n group 19',
    check: { over: 'device', find: shortGroups },
  },
  {
    id: 'weaker-guard',
    family: 'strength',
    severity: 'note',
    claim: 'The IKE SA is weaker than the child SAs that it makes',
    explanation: 'Keys of child SAs come out of the IKE SA: give it a cipher that is as strong.',
    check: { over: 'device', find: suites },
  },
  {
    id: 'no-pfs',
    family: 'strength',
    severity: 'note',
    claim: 'Child SAs are rekeyed without a key exchange of their own',
    explanation: 'Who learns the keys of the IKE SA reads all of its child SAs. `set pfs group19` ends that.',
    check: { over: 'device', find: noPfs },
  },
  {
    id: 'not-quantum-ready',
    family: 'strength',
    severity: 'note',
    claim: 'Recorded traffic is open to a quantum computer of tomorrow',
    explanation:
      'RFC 8784 mixes a postquantum pre-shared key into the keys (`ppk` in a keyring); RFC 9370 adds key exchanges that withstand it.',
    check: { over: 'device', find: quantum },
  },
];
