/** Layers past the tunnel itself: it is up, and yet nothing comes through (route, path). */
import type { TunnelLayer } from './tunnel-case.ts';

export const carriageLayers: readonly TunnelLayer[] = [
  { layer: 'route', asked: 'always', rules: [] },
  { layer: 'path', asked: 'always', rules: [] },
];
