/** Layers past the tunnel itself: it is up, and yet nothing comes through (route, path). */
import { bgpOverTunnel } from './rules/bgp-over-tunnel.ts';
import { mtuBlackHole } from './rules/mtu-black-hole.ts';
import { replayWindow } from './rules/replay-window.ts';
import type { TunnelLayer } from './tunnel-case.ts';

export const carriageLayers: readonly TunnelLayer[] = [
  { layer: 'path', asked: 'always', rules: [replayWindow, mtuBlackHole] },
  { layer: 'route', asked: 'always', rules: [bgpOverTunnel] },
];
