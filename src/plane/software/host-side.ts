/** The machine around, as a port that packets come from: what is to be said about them goes back by their device. */
import { Port, type Vrf } from './plane-state.ts';

export class HostSide extends Port {
  /** Device of ours that the packet at hand was routed into. */
  device = '';

  constructor(vrf: Vrf) {
    super({ name: '', vrf: vrf.name, kind: 'ethernet', up: true, mtu: 0xffff, addresses: [], clampMss: 0 }, vrf, []);
  }
}
