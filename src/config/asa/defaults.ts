/** What an ASA does without being told. */
import { emptyLists } from '../empty-model.ts';
import type { DeviceModel } from '../model.ts';

/** Half-open IKE SAs that "100 percent" stands for. */
export const HALF_OPEN_LIMIT = 10_000;
export const IKE_LIFETIME_MS = 86_400_000;
export const CHILD_LIFETIME_MS = 28_800_000;
export const CHILD_LIFETIME_KB = 4_608_000;
export const NAT_KEEPALIVE_MS = 20_000;
export const COOKIE_PERCENT = 50;
export const REPLAY_WINDOW = 64;
export const CLAMP_MSS = 1380;
export const KEEPALIVE = { thresholdMs: 10_000, retryMs: 2_000 } as const;
/** Tunnel-groups that exist without being configured, with their types. */
export const BUILT_IN_GROUPS: ReadonlyMap<string, string> = new Map([
  ['DefaultL2LGroup', 'ipsec-l2l'],
  ['DefaultRAGroup', 'remote-access'],
  ['DefaultWEBVPNGroup', 'webvpn'],
]);
export const DEFAULT_GROUP_POLICY = 'DfltGrpPolicy';

/** A device with nothing configured. */
export function emptyAsaModel(hostname: string): DeviceModel {
  return {
    dialect: 'asa',
    hostname,
    ...emptyLists(),
    ikeIdentity: { kind: 'auto' },
    natKeepaliveMs: NAT_KEEPALIVE_MS,
    cookieChallengePercent: COOKIE_PERCENT,
    maxHalfOpen: HALF_OPEN_LIMIT,
    ikeFragmentation: {},
    childLifetimeMs: CHILD_LIFETIME_MS,
    childLifetimeBytes: CHILD_LIFETIME_KB * 1000,
    replayWindow: REPLAY_WINDOW,
    clampMss: CLAMP_MSS,
    sameSecurityPermit: { interInterface: false, intraInterface: false },
    logging: { enabled: false, timestamp: false, hosts: [] },
  };
}
