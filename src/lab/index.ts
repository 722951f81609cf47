/**
 * Whole topologies in one process, in virtual or real time. There is no ARP and no neighbour discovery: a frame carries
 * its next hop's address, and a segment delivers it to the port whose node owns that address.
 */
export { BridgeNode } from './bridge-node.ts';
export { captureFile } from './capture-file.ts';
export { DecryptionTables, type EspSaKeys, espSaRow, ikeDecryptionRow } from './decryption-tables.ts';
export { resolvePorts } from './device-ports.ts';
export { labEvidence } from './evidence.ts';
export { FirewallNode } from './firewall-node.ts';
export { GatewayNode, type GatewayNodeOptions, gatewayDevices } from './gateway-node.ts';
export { HostNode, type NotedError } from './host-node.ts';
export { generateHubSpoke, type HubSpokeOptions } from './hub-spoke.ts';
export { Lab, type LabOptions, type MakeDevice, type RunOptions } from './lab.ts';
export { type PingReport, startPings } from './lab-pings.ts';
export { Link, type LinkCounters, type LinkDrop } from './link.ts';
export { NatNode } from './nat-node.ts';
export type { NatMapping } from './nat-table.ts';
export type { LabNode, Outlet } from './node.ts';
export { PacketWalker } from './packet-walk.ts';
export { LAB_EPOCH_MS, type PcapngOptions, PcapngWriter } from './pcapng.ts';
export { type LabClock, runRealTime } from './real-time.ts';
export {
  isConverged,
  type LabStatus,
  labStatus,
  type TunnelReport,
  tunnelReports,
  whyNotConverged,
} from './report.ts';
export { RouterNode } from './router-node.ts';
export * from './topology.ts';
export type { ReadFile } from './topology-nodes.ts';
export { type TopologyPath, type TopologyPort, topologyPath } from './topology-path.ts';
export { loadTopology } from './topology-reader.ts';
