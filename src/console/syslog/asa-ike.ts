/** Messages 750001 to 752016 and 602303/4: IKE SAs and child SAs in an ASA's words. */
import type { Endpoint } from '../../base/index.ts';
import type { ChildSaDetails, GatewayLogEvent, IkeDetails } from '../../gateway/index.ts';
import type { Cause, TrafficSelector } from '../../ike/index.ts';
import { durationText } from '../show/wall-clock.ts';
import type { Level, SyslogMessage } from './message.ts';

export function ikeMessages(event: GatewayLogEvent, details: IkeDetails): readonly SyslogMessage[] {
  const say = (level: Level, id: string, text: string): SyslogMessage => ({
    level,
    id,
    text: `${prefixOf(details)} ${text}`,
  });
  switch (event.code) {
    case 'ike-sa-initiated': {
      const [local, remote] = [details.localSelectors?.[0], details.remoteSelectors?.[0]];
      if (local === undefined || remote === undefined) return [];
      const text = `local traffic selector = ${selectorText(local)} ; remote traffic selector = ${selectorText(remote)}`;
      return [say(5, '750001', `IKEv2 Received request to establish an IPsec tunnel; ${text}`)];
    }
    case 'ike-sa-requested':
      return [say(5, '750002', 'IKEv2 Received a IKE_INIT_SA request')];
    case 'cookie-required':
      return [say(5, '750004', 'IKEv2 Sending COOKIE challenge to throttle possible DoS')];
    case 'ike-sa-up':
      return [say(5, '750006', 'IKEv2 SA UP. Reason: New Connection Established')];
    case 'ike-sa-rekeyed':
      return [say(5, '750006', 'IKEv2 SA UP. Reason: Rekey')];
    case 'ike-sa-down':
      return [say(5, '750007', `IKEv2 SA DOWN. Reason: ${downReason(event.cause)}`), disconnected(event, details)];
    case 'ike-failed':
      return failed(event, details, say);
    case 'peer-moved':
      return moved(details);
    default:
      return [];
  }
}

export function childSaMessages(event: GatewayLogEvent, details: ChildSaDetails): readonly SyslogMessage[] {
  const { code } = event;
  if (code !== 'child-sa-up' && code !== 'child-sa-down') return [];
  const [id, verb] = code === 'child-sa-up' ? ['602303', 'created'] : ['602304', 'deleted'];
  const { local, remote, group, inboundSpi, outboundSpi, replaces, role, interface: name } = details;
  const between = `between ${local.address} and ${remote.address} (user= ${group ?? remote.address})`;
  const pair = [
    ['outbound', outboundSpi],
    ['inbound', inboundSpi],
  ] as const;
  const messages = pair.map(([direction, spi]): SyslogMessage => {
    const text = `IPSEC: An ${direction} LAN-to-LAN SA (SPI= 0x${hex(spi)}) ${between} has been ${verb}.`;
    return { level: 6, id, text };
  });
  if (code === 'child-sa-down' || replaces !== undefined || role === 'responder') return messages;
  return [...messages, { level: 5, id: '752016', text: `IKEv2 was successful at setting up a tunnel. ${mapOf(name)}` }];
}

/** How an ASA calls the crypto map that it makes for a tunnel interface. */
export function mapOf(name: string): string {
  return `Map Tag = __vti-crypto-map-${name}-0-${name.replace(/^\D+/, '')}. Map Sequence Number = 65280.`;
}

function prefixOf({ local, remote, group }: IkeDetails): string {
  return `Local:${endpointText(local)} Remote:${endpointText(remote)} Username:${group ?? 'Unknown'}`;
}

/** As messages of both platforms write a traffic selector. */
export function selectorText({ start, end, protocol, startPort, endPort }: TrafficSelector): string {
  return `Address Range: ${start}-${end} Protocol: ${protocol} Port Range: ${startPort}-${endPort}`;
}

type Say = (level: Level, id: string, text: string) => SyslogMessage;

function failed({ cause }: GatewayLogEvent, details: IkeDetails, say: Say): readonly SyslogMessage[] {
  const messages = [say(4, '750003', `IKEv2 Negotiation aborted due to ERROR: ${errorText(cause)}`)];
  if (cause?.code === 'unknown-peer') messages.push(say(3, '751009', 'Unable to find tunnel group for peer.'));
  if (cause?.code === 'no-key') {
    const group = details.group ?? 'Unknown';
    messages.push(say(3, '751002', `No preshared key or trustpoint configured for self in tunnel group ${group}`));
  }
  const { interface: name, role } = details;
  if (role !== 'initiator' || name === undefined) return messages;
  const map = mapOf(name);
  const text = 'Tunnel Manager has failed to establish an L2L SA. All configured IKE versions failed to establish';
  return [
    ...messages,
    { level: 4, id: '752012', text: `IKEv2 was unsuccessful at setting up a tunnel. ${map}` },
    { level: 3, id: '752015', text: `${text} the tunnel. ${map.replace('Map Tag =', 'Map Tag=')}` },
  ];
}

/** What an ASA writes for the reason, by the innermost cause; ours in its own words where an ASA has none. */
const ERRORS: Readonly<Record<string, string>> = {
  'no-proposal-chosen': 'Failed to find a matching policy',
  'no-proposal': 'Failed to find a matching policy',
  'invalid-ke-payload': 'Failed to find a matching policy',
  'invalid-ke-group': 'Failed to find a matching policy',
  'answer-not-offered': 'Failed to find a matching policy',
  'unknown-peer': 'Failed to locate an item in the database',
  'no-key': 'Failed to locate an item in the database',
  'identity-refused': 'Failed to authenticate the IKE SA',
  'unsupported-authentication': 'Failed to authenticate the IKE SA',
  'ts-unacceptable': 'There was no IPSEC policy found for received TS',
  'child-no-proposal-chosen': 'Create child exchange failed',
  'unsupported-critical-payload': 'Detected unsupported critical payload',
  'unknown-critical-payload': 'Detected unsupported critical payload',
  'no-response': 'Maximum number of retransmissions reached',
};

/** Why a negotiation failed, in words that both platforms have. */
export function errorText(cause: Cause | undefined): string {
  const innermost = last(cause);
  if (innermost === undefined) return 'Auth exchange failed';
  if (innermost.code === 'authentication-failed') {
    return innermost.from === 'peer' ? 'Auth exchange failed' : 'Failed to authenticate the IKE SA';
  }
  if (cause !== innermost && cause?.code === 'child-sa-failed') {
    return innermost.code === 'ts-unacceptable' ? (ERRORS[innermost.code] ?? '') : 'Create child exchange failed';
  }
  return ERRORS[innermost.code] ?? innermost.text;
}

const DOWN: Readonly<Record<string, string>> = {
  'peer-deleted': 'peer request',
  'peer-dead': 'peer lost',
  'no-response': 'peer lost',
  'initial-contact': 'peer lost',
  cleared: 'administrative',
  'configuration-changed': 'administrative',
};

function downReason(cause: Cause | undefined): string {
  return DOWN[cause?.code ?? ''] ?? 'local failure';
}

const DISCONNECTED: Readonly<Record<string, string>> = {
  'peer-deleted': 'Peer Terminate',
  'peer-dead': 'Lost Service',
  'no-response': 'Lost Service',
  'initial-contact': 'Lost Service',
  'lifetime-expired': 'Max time exceeded',
  cleared: 'Administrator Reset',
  'configuration-changed': 'Administrator Reset',
};

function disconnected({ cause }: GatewayLogEvent, { local, remote, group, lived }: IkeDetails): SyslogMessage {
  const name = group ?? remote.address;
  const type = local.port === 4500 ? 'LAN-to-LANOverNatT' : 'LAN-to-LAN';
  const { durationMs = 0, bytesSent = 0, bytesReceived = 0 } = lived ?? {};
  const reason = DISCONNECTED[cause?.code ?? ''] ?? 'IKE Delete';
  const text = `Group = ${name}, Username = ${name}, IP = ${remote.address}, Session disconnected. Session Type: ${type}, Duration: ${durationText(durationMs)}, Bytes xmt: ${bytesSent}, Bytes rcv: ${bytesReceived}, Reason: ${reason}`;
  return { level: 4, id: '113019', text };
}

function moved({ local, remote, moved: from }: IkeDetails): readonly SyslogMessage[] {
  if (from === undefined) return [];
  const text = `IKEv2 SA (iSPI ${from.initiatorSpi} rRSP ${from.responderSpi}) Peer Moved: Previous ${endpointText(from.remote)}/${endpointText(from.local)}. Updated ${endpointText(remote)}/${endpointText(local)}`;
  return [{ level: 5, id: '750013', text }];
}

function last(cause: Cause | undefined): Cause | undefined {
  return cause?.because === undefined ? cause : last(cause.because);
}

function endpointText({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function hex(spi: number): string {
  return spi.toString(16).toUpperCase().padStart(8, '0');
}
