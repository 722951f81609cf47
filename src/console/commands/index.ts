/** The command table, by subject. */
import type { Platform } from '../platform.ts';
import { captureCommands, showCaptureCommands } from './capture.ts';
import { clear } from './clear.ts';
import { debugCommands } from './debug.ts';
import { iosxeRows } from './iosxe/index.ts';
import { pingCommands } from './ping.ts';
import type { Row } from './row.ts';
import { showBgpCommands } from './show-bgp.ts';
import { showCrypto } from './show-crypto.ts';
import { showInterfaceCommands } from './show-interface.ts';
import { showRouteCommands } from './show-route.ts';
import { showSystem } from './show-system.ts';
import { techSupport } from './show-tech-support.ts';
import { clearTransit, showTransit } from './show-transit.ts';
import { tracerouteCommands } from './traceroute.ts';

export type { ExecDevice, ExecResult, Row, RowResult, Words } from './row.ts';
export { INCOMPLETE, invalid, refused, said, text } from './row.ts';

const shows: readonly Row[] = [
  ...showCrypto,
  ...showBgpCommands,
  ...showRouteCommands,
  ...showInterfaceCommands,
  ...showSystem,
  ...showCaptureCommands,
  ...showTransit,
];

const asaRows: readonly Row[] = [
  ...shows,
  techSupport(shows),
  ...pingCommands,
  ...tracerouteCommands,
  ...captureCommands,
  ...debugCommands,
  ...clear,
  ...clearTransit,
];

/** The commands of each platform. */
export const rowsOf: Readonly<Record<Platform, readonly Row[]>> = { asa: asaRows, iosxe: iosxeRows };
