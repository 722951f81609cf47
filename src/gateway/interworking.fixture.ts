/** Suites that both platforms have, in the words of each, and a fabric of either kind of device. */

/** Gateways of these kinds on one outside network, a host behind each. */
export function mixedTopology(kinds: readonly ('asa' | 'iosxe')[]): string {
  const port = (kind: 'asa' | 'iosxe', where: 'outside' | 'inside'): string =>
    kind === 'asa' ? where : where === 'outside' ? 'GigabitEthernet0/0/0' : 'GigabitEthernet0/0/1';
  const lines = ['topology:', '  nodes:', '    internet: { kind: bridge }'];
  for (const [i, kind] of kinds.entries()) {
    const n = i + 1;
    lines.push(`    gw${n}: { kind: ${kind}, startup-config: gw${n}.cfg }`);
    lines.push(`    lan${n}: { kind: host, addresses: [10.1.${n}.10/24], gateway: 10.1.${n}.1 }`);
  }
  lines.push('  links:');
  for (const [i, kind] of kinds.entries()) {
    const n = i + 1;
    const [outside, inside] = [port(kind, 'outside'), port(kind, 'inside')];
    lines.push(`    - { name: outside${n}, endpoints: ["gw${n}:${outside}", "internet:p${n}"], delay: 5ms }`);
    lines.push(`    - { name: inside${n}, endpoints: ["gw${n}:${inside}", "lan${n}:e"] }`);
  }
  return `${lines.join('\n')}\n`;
}

type IkeSuite = Readonly<{
  name: string;
  asa: string;
  ios: string;
  encr: number;
  keyBits: number;
  hash: string;
  group: number;
}>;

function cbc(keyBits: 128 | 192 | 256, hash: string, group: number): IkeSuite {
  const size = keyBits === 128 ? '' : `-${keyBits}`;
  return {
    name: `AES-CBC-${keyBits} ${hash} group ${group}`,
    asa: ` encryption aes${size}\n integrity ${hash}\n group ${group}\n prf ${hash}\n`,
    ios: ` encryption aes-cbc-${keyBits}\n integrity ${hash === 'sha' ? 'sha1' : hash}\n prf ${hash === 'sha' ? 'sha1' : hash}\n group ${group}\n`,
    encr: 12,
    keyBits,
    hash,
    group,
  };
}

function gcm(keyBits: 128 | 256, hash: string, group: number): IkeSuite {
  const size = keyBits === 128 ? '' : `-${keyBits}`;
  return {
    name: `AES-GCM-${keyBits} ${hash} group ${group}`,
    asa: ` encryption aes-gcm${size}\n integrity null\n group ${group}\n prf ${hash}\n`,
    ios: ` encryption aes-gcm-${keyBits}\n prf ${hash === 'sha' ? 'sha1' : hash}\n group ${group}\n`,
    encr: 20,
    keyBits,
    hash,
    group,
  };
}

const GROUPS = [14, 15, 16, 19, 20, 21] as const;
const HASHES = ['sha', 'sha256', 'sha384', 'sha512'] as const;

/** Every cipher that both platforms have for IKE SAs, with every hash and every group of both. */
export const IKE_SUITES: readonly IkeSuite[] = GROUPS.flatMap((group) =>
  HASHES.flatMap((hash) => [
    ...([128, 192, 256] as const).map((keyBits) => cbc(keyBits, hash, group)),
    ...([128, 256] as const).map((keyBits) => gcm(keyBits, hash, group)),
  ]),
);

type EspSuite = Readonly<{
  name: string;
  asa: string;
  ios: string;
  /** Group of PFS, which both want; absent: neither does. */
  pfs?: number;
  encr: number;
  keyBits: number;
}>;

const ASA_HASH = { sha: 'sha-1', sha256: 'sha-256', sha384: 'sha-384', sha512: 'sha-512' } as const;

function espCbc(keyBits: 128 | 192 | 256, hash: keyof typeof ASA_HASH): EspSuite {
  const size = keyBits === 128 ? '' : `-${keyBits}`;
  return {
    name: `AES-CBC-${keyBits} ${hash}`,
    asa: ` protocol esp encryption aes${size}\n protocol esp integrity ${ASA_HASH[hash]}\n`,
    ios: `esp-aes ${keyBits === 128 ? '' : keyBits} esp-${hash}-hmac`,
    encr: 12,
    keyBits,
  };
}

function espGcm(keyBits: 128 | 192 | 256): EspSuite {
  const size = keyBits === 128 ? '' : `-${keyBits}`;
  return {
    name: `AES-GCM-${keyBits}`,
    asa: ` protocol esp encryption aes-gcm${size}\n`,
    ios: `esp-gcm ${keyBits}`,
    encr: 20,
    keyBits,
  };
}

/** Every cipher that both have for child SAs, with every hash of both; without PFS, and with each of its groups. */
export const ESP_SUITES: readonly EspSuite[] = [
  ...HASHES.flatMap((hash) => ([128, 192, 256] as const).map((keyBits) => espCbc(keyBits, hash))),
  ...([128, 192, 256] as const).map(espGcm),
].flatMap((one) => [one, ...GROUPS.map((pfs) => ({ ...one, name: `${one.name}, PFS ${pfs}`, pfs }))]);
