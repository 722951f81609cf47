/** The other end of a tunnel, made from the configuration of one. Pure: it reads and prints no file. */
export { type Fault, formatFault } from './fault.ts';
export type { Interfacing } from './link.ts';
export type { LinuxEsp, LinuxFile } from './linux-end.ts';
export { type LinuxMade, linuxPeerOf, type Made, type PeerChoices, peerOf } from './peer-of.ts';
export { protectedTunnels, templatePeers } from './read-link.ts';
