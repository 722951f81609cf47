/** Peers as they are found in a model: which tunnel each serves, and which tunnels can not start, with the reason. */
import type { InterfaceModel } from '../config/index.ts';
import { type IkePeer, vrfOf } from '../ike/index.ts';
import type { TunnelBinding } from '../tunnel/index.ts';
import type { GreTunnel } from './gre-plan.ts';

/** What is believed of the subnets that a peer tells. */
export type RouteTerms = Readonly<{ distance: number; tag?: number }>;

export class PeerPlan {
  readonly peers: IkePeer[] = [];
  readonly bindings: TunnelBinding[] = [];
  readonly gre: GreTunnel[] = [];
  readonly unusable = new Map<string, string>();
  /** By name of the peer; absent: those of the platform. */
  readonly routeTerms = new Map<string, RouteTerms>();
  /** Tunnels by their outer ends: two between the same ends could not be told apart. */
  readonly #byEnds = new Map<string, string>();

  /** A static tunnel with its peer, or the first thing it lacks. */
  addStatic({ name }: InterfaceModel, peer: IkePeer | string): void {
    if (typeof peer === 'string') {
      this.unusable.set(name, peer);
      return;
    }
    const ends = `${peer.local} to ${peer.remote}`;
    const key = `${ends} ${vrfOf(peer)}`;
    const twin = this.#byEnds.get(key);
    if (twin !== undefined) {
      this.unusable.set(name, `${twin} has the same source and destination (${ends})`);
      return;
    }
    this.#byEnds.set(key, name);
    this.peers.push(peer);
    this.bindings.push({ kind: 'static', peer: peer.name, tunnel: name });
  }

  /** A GRE tunnel, unless another one could not be told from it. */
  addGre(tunnel: GreTunnel): boolean {
    const { source, destination, key } = tunnel.plane;
    const ends = `${source} to ${destination}`;
    const twin = this.gre.find(
      ({ frontVrf, plane }) =>
        frontVrf === tunnel.frontVrf && `${plane.source} to ${plane.destination}` === ends && plane.key === key,
    );
    if (twin === undefined) {
      this.gre.push(tunnel);
      return true;
    }
    const apart = 'give them different keys (tunnel key)';
    this.unusable.set(tunnel.name, `${twin.name} has the same source and destination (${ends}); ${apart}`);
    return false;
  }

  /** A class of peers that get clones of a template. */
  addTemplate({ name }: InterfaceModel, peer: IkePeer | string): void {
    if (typeof peer === 'string') {
      this.unusable.set(name, peer);
      return;
    }
    this.peers.push(peer);
    this.bindings.push({ kind: 'access', peer: peer.name, template: name });
  }
}
