/** What comes from outside of the configuration put to the peers that it is for. */
import type { IkePeer } from '../ike/index.ts';
import type { PeerSettings } from './contract.ts';

const ALL = '*';

/** The peer with what is said about all, about its group and about itself, the later before the earlier. */
export function withSettings(peer: IkePeer, settings: readonly PeerSettings[]): IkePeer {
  const named = (name: string): PeerSettings[] => settings.filter((one) => one.peer === name);
  let result = peer;
  for (const { peer: _, ...given } of [...named(ALL), ...named(peer.group), ...named(peer.name)]) {
    result = { ...result, ...given };
  }
  return result;
}

/** Settings for peers that there are none of: most likely a name is wrong. */
export function unmatchedSettings(
  settings: readonly PeerSettings[],
  peers: readonly IkePeer[],
): readonly PeerSettings[] {
  return settings.filter(
    ({ peer }) => peer !== ALL && !peers.some(({ name, group }) => name === peer || group === peer),
  );
}
