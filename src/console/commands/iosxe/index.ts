/** The commands of an IOS-XE router, by subject. */
import type { Row } from '../row.ts';
import { iosCapture, iosShowCapture } from './capture.ts';
import { iosClear } from './clear.ts';
import { iosDebug } from './debug.ts';
import { iosProbes } from './probes.ts';
import { iosShowBgp } from './show-bgp.ts';
import { iosShowCrypto } from './show-crypto.ts';
import { iosShowOverlay } from './show-overlay.ts';
import { iosShowSystem } from './show-system.ts';

export const iosxeRows: readonly Row[] = [
  ...iosShowCrypto,
  ...iosShowBgp,
  ...iosShowOverlay,
  ...iosShowSystem,
  ...iosShowCapture,
  ...iosProbes,
  ...iosCapture,
  ...iosDebug,
  ...iosClear,
];
