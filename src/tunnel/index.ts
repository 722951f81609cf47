/** Tunnel interfaces: static VTI and virtual-access clones over child SAs. */
export { type Tunnel, type TunnelBinding, Tunnels } from './tunnels.ts';
