/** `show … why`: which tunnels or neighbors a `show` line is about, and the diagnosis of each that is not well. */
import { IpAddress, Prefix, prefixLength } from '../base/index.ts';
import { explainBgp } from './bgp.ts';
import { type Diagnosis, formatDiagnosis } from './diagnosis.ts';
import { type DeviceEvidence, type Fabric, interfaceState, modelInterface } from './evidence.ts';
import { explainRoute } from './path.ts';
import { explainTunnel } from './tunnel.ts';

/**
 * What `show … why` answers: `show interface Tunnel1 why`, `show crypto ikev2 sa [A] why`, `show crypto ipsec sa [peer A]
 * why`, `show vpn-sessiondb l2l why`, `show bgp [neighbors A] why`, `show route DESTINATION why`. Undefined: the line is
 * none of these.
 */
export function showWhy(fabric: Fabric, device: string, words: readonly string[]): readonly Diagnosis[] | undefined {
  const evidence = fabric.get(device);
  const [show = '', what = ''] = words;
  if (evidence === undefined || words.length < 3 || !means(show, 'show', 2) || words.at(-1) !== 'why') return undefined;
  if (means(what, 'route', 3)) return aboutRoute(fabric, device, words.slice(2, -1));
  const named = words.slice(2, -1).find((word) => IpAddress.parse(word) !== undefined || isInterface(evidence, word));
  if (means(what, 'bgp', 1)) return about(named, neighborsOf(evidence), (name) => explainBgp(fabric, device, name));
  const isOurs = means(what, 'interfaces', 3) || means(what, 'crypto', 2) || means(what, 'vpn-sessiondb', 1);
  return isOurs ? about(named, tunnelsOf(evidence), (name) => explainTunnel(fabric, device, name)) : undefined;
}

/** `show route 10.1.2.10 why`, `show route 10.1.2.0/24 why`, or a network and its mask as an ASA has them. */
function aboutRoute(fabric: Fabric, device: string, words: readonly string[]): readonly Diagnosis[] | undefined {
  const [network, mask] = words.filter((word) => IpAddress.parse(word) ?? Prefix.parse(word));
  if (network === undefined) return undefined;
  const address = mask === undefined ? undefined : IpAddress.parse(mask);
  const length = address === undefined ? undefined : prefixLength(address);
  return [explainRoute(fabric, device, length === undefined ? network : `${network}/${length}`)];
}

/** Text of what was found. */
export function whyText(found: readonly Diagnosis[]): string {
  return found.length === 0 ? 'Nothing is wrong here.\n' : found.map(formatDiagnosis).join('\n');
}

/** What was named, whatever it is like; without a name, all that is not well. */
function about(
  named: string | undefined,
  all: readonly string[],
  explain: (name: string) => Diagnosis,
): readonly Diagnosis[] {
  if (named !== undefined) return [explain(named)];
  return all.map(explain).filter(({ state }) => state !== 'up');
}

function neighborsOf({ model }: DeviceEvidence): readonly string[] {
  return model.bgp?.neighbors.map(({ address }) => address.toString()) ?? [];
}

/** Static tunnels, and on a hub the peers that have a tunnel-group of their own. */
function tunnelsOf({ model }: DeviceEvidence): readonly string[] {
  const own = model.interfaces.filter(({ kind }) => kind === 'tunnel').map(({ name }) => name);
  const taken = new Set(model.interfaces.map(({ tunnel }) => tunnel?.destination?.toString()));
  const peers = model.tunnelGroups.map(({ name }) => name).filter((name) => IpAddress.parse(name) !== undefined);
  return [...own, ...peers.filter((name) => !taken.has(name))];
}

function isInterface(device: DeviceEvidence, word: string): boolean {
  return modelInterface(device, word) !== undefined || interfaceState(device, word) !== undefined;
}

function means(word: string, keyword: string, least: number): boolean {
  return word.length >= least && keyword.startsWith(word.toLowerCase());
}
