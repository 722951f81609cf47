/** The suite that every forwarding plane has to pass, whatever it is made of. */
import { espConformance } from './esp-conformance.ts';
import { forwardingConformance } from './forwarding-conformance.ts';
import { hostConformance } from './host-conformance.ts';
import { mtuConformance } from './mtu-conformance.ts';
import { securityConformance } from './security-conformance.ts';
import { tapConformance } from './tap-conformance.ts';
import { transitConformance } from './transit-conformance.ts';
import type { MakePlane } from './twin-planes.ts';
import { vxlanConformance } from './vxlan-conformance.ts';

export function planeConformance(name: string, makePlane: MakePlane): void {
  forwardingConformance(name, makePlane);
  espConformance(name, makePlane);
  mtuConformance(name, makePlane);
  securityConformance(name, makePlane);
  tapConformance(name, makePlane);
  hostConformance(name, makePlane);
  vxlanConformance(name, makePlane);
  transitConformance(name, makePlane);
}
