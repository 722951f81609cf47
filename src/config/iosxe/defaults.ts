/** What an IOS-XE router does without being told: the smart defaults of IKEv2 and IPsec among it. */
import { emptyLists } from '../empty-model.ts';
import type {
  AuthorizationPolicyModel,
  DeviceModel,
  EspProposalModel,
  IkeProposalModel,
  IkeSelectionModel,
  IpsecProfileModel,
  Written,
} from '../model.ts';

export const IKE_LIFETIME_MS = 86_400_000;
export const CHILD_LIFETIME_MS = 3_600_000;
export const CHILD_LIFETIME_KB = 4_608_000;
export const REPLAY_WINDOW = 64;
export const HALF_OPEN_LIMIT = 40;
export const BGP_LISTEN_LIMIT = 100;
/** Name of everything that exists without being configured. */
export const DEFAULT = 'default';

/** Things that exist by themselves were written nowhere: they stand at the top of the file. */
function nowhere(file: string): Written {
  return { start: { file, line: 1, column: 1 }, attributes: {} };
}

/** Proposal `default`, as the sample of `show crypto ikev2 proposal default` prints it. */
export function defaultIkeProposal(): IkeProposalModel {
  return {
    name: DEFAULT,
    encryption: [{ encr: 12, keyBits: 256 }],
    integrity: [14, 13],
    prf: [7, 6],
    groups: [19, 14, 21],
    written: nowhere(''),
  };
}

/** Policy `default`: any front VRF and address, proposal `default`. A policy of the operator's replaces it. */
export function defaultIkeSelection(): IkeSelectionModel {
  return {
    name: DEFAULT,
    frontVrf: { kind: 'any' },
    localAddresses: [],
    proposals: [DEFAULT],
    written: nowhere(''),
  };
}

/** IPsec profile `default`; its IKE profile is the one of that name. */
export function defaultIpsecProfile(): IpsecProfileModel {
  return { name: DEFAULT, proposals: [DEFAULT], ikeProfile: DEFAULT, responderOnly: false, written: nowhere('') };
}

/** Transform set `default`. */
export function defaultEspProposal(): EspProposalModel {
  const encryption = [{ encr: 12, keyBits: 128 }];
  return { name: DEFAULT, encryption, integrity: [2], mode: 'transport', written: nowhere('') };
}

/** Authorization policy `default`: the tunnel's address is told, and all that the peer tells is believed. */
export function defaultAuthorizationPolicy(): AuthorizationPolicyModel {
  return {
    name: DEFAULT,
    routeSetInterfaces: [''],
    routeSetAccessLists: [],
    routeSetRemote: [],
    routeAccept: { distance: 1 },
    written: nowhere(''),
  };
}

/** A device with nothing configured. */
export function emptyIosxeModel(hostname: string): DeviceModel {
  return {
    dialect: 'iosxe',
    hostname,
    ...emptyLists(),
    ikeIdentity: { kind: 'address' },
    cookieChallengePercent: 100,
    maxHalfOpen: HALF_OPEN_LIMIT,
    childLifetimeMs: CHILD_LIFETIME_MS,
    childLifetimeBytes: CHILD_LIFETIME_KB * 1000,
    replayWindow: REPLAY_WINDOW,
    clampMss: 0,
    sameSecurityPermit: { interInterface: true, intraInterface: true },
    logging: { enabled: true, timestamp: false, hosts: [] },
  };
}
