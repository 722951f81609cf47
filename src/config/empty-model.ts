/** What a device without any line has in every dialect: nothing of everything that is listed. */
import type { DeviceModel } from './model.ts';

const LISTS = [
  'interfaces',
  'ikeEnabled',
  'ikePolicies',
  'espProposals',
  'ipsecProfiles',
  'vrfs',
  'ikeProposals',
  'ikeSelections',
  'keyrings',
  'ikeProfiles',
  'authorizationPolicies',
  'tunnelGroups',
  'groupPolicies',
  'staticRoutes',
  'accessLists',
  'prefixLists',
  'routeMaps',
  'asPathLists',
  'communityLists',
] as const;

type Lists = Pick<DeviceModel, (typeof LISTS)[number]>;

/** A list of each kind, empty and nobody else's: a draft of the model is changed in place. */
export function emptyLists(): Lists {
  return Object.fromEntries(LISTS.map((name) => [name, []])) as unknown as Lists;
}
