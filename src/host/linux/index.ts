/**
 * Linux as a gateway's driver needs it (`../system.ts`): UDP, raw ESP and ICMP, TUN devices, rtnetlink, kernel TCP.
 * Structures and numbers are those of the kernel's own headers (`include/uapi/linux`).
 */
import { ok } from '../../base/index.ts';
import type { OpenSystem } from '../system.ts';
import { LinuxSystem } from './linux-system.ts';

export { errnoName, systemFault } from './errno.ts';
export { type FastFacts, fastFacts } from './fast-setting.ts';
export { type Libc, openLibc } from './libc.ts';
export { ROUTE_PROTOCOL } from './netlink/numbers.ts';

/** Loads koffi when it is called, and not before. */
export const openLinux: OpenSystem = (listeners, options) => {
  const opened = LinuxSystem.open(listeners, options);
  return opened.ok ? ok(opened.value) : opened;
};
