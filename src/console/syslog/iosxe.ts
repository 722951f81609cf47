/**
 * Events in the words of an IOS-XE router's syslog. What a router says nothing of (routes, child SAs) is no message; what
 * it has no message for goes out in our own words.
 */

import type { DeviceModel } from '../../config/index.ts';
import type {
  BgpDetails,
  EspDetails,
  EventDetails,
  GatewayLogEvent,
  IkeDetails,
  LineDetails,
  TcpDetails,
} from '../../gateway/index.ts';
import { ownWords } from './asa.ts';
import { errorText, selectorText } from './asa-ike.ts';
import type { Level, SyslogMessage } from './message.ts';

/** `crypto logging` and `bgp log-neighbor-changes` decide what is said. */
export type Talk = Readonly<{ sessions: boolean; ikeExchanges: boolean; neighbors: boolean }>;

export function talkOf({ logging, bgp }: DeviceModel): Talk {
  return {
    sessions: logging.cryptoSessions === true,
    ikeExchanges: logging.ikeExchanges === true,
    neighbors: bgp?.logNeighborChanges !== false,
  };
}

export function iosxeMessages(event: GatewayLogEvent, talk: Talk): readonly SyslogMessage[] {
  const { details } = event;
  if (event.code === 'restarted') return [say('SYS', 5, 'RESTART', 'System restarted --')];
  return (details === undefined ? undefined : worded(event, details, talk)) ?? [ownWords(event)];
}

/** Undefined: the platform has no words for it. */
function worded(event: GatewayLogEvent, details: EventDetails, talk: Talk): readonly SyslogMessage[] | undefined {
  switch (details.kind) {
    case 'line':
      return line(details);
    case 'route':
    case 'routes':
    case 'child-sa':
      return [];
    case 'ike':
      return ike(event, details, talk);
    case 'bgp':
      return bgp(event, details, talk);
    case 'tcp':
      return tcp(event, details);
    case 'esp':
      return esp(event, details);
    case 'tunnel':
      return tunnel(event, details.interface);
    case 'configuration':
      return [say('SYS', 5, 'CONFIG_I', `Configured from ${details.user} by ${details.user}`)];
    case 'path-mtu':
    case 'connection':
    case 'transit-denied':
      return undefined;
    default:
      return details satisfies never;
  }
}

/** Links that may come and go tell of themselves before their line protocol does; a tunnel has no link. */
function line({ interface: name, up }: LineDetails): SyslogMessage[] {
  const state = `changed state to ${up ? 'up' : 'down'}`;
  const protocol = say('LINEPROTO', 5, 'UPDOWN', `Line protocol on Interface ${name}, ${state}`);
  if (/^(?:Tunnel|Loopback)/.test(name)) return [protocol];
  return [say('LINK', 3, 'UPDOWN', `Interface ${name}, ${state}`), protocol];
}

function ike(event: GatewayLogEvent, details: IkeDetails, { sessions, ikeExchanges }: Talk): SyslogMessage[] {
  const { remote, group, identity } = details;
  const session = (state: 'UP' | 'DOWN'): SyslogMessage[] => {
    const peer = `Peer ${remote.address}:${remote.port}       Id: ${identity ?? group ?? remote.address}`;
    return sessions ? [say('CRYPTO', 5, 'IKEV2_SESSION_STATUS', `Crypto tunnel v2 is ${state}.  ${peer}`)] : [];
  };
  const told = (id: string, text: string): SyslogMessage[] => (ikeExchanges ? [say('IKEV2', 5, id, text)] : []);
  switch (event.code) {
    case 'ike-sa-initiated': {
      const [local, other] = [details.localSelectors?.[0], details.remoteSelectors?.[0]];
      if (local === undefined || other === undefined) return [];
      const selectors = `local traffic selector = ${selectorText(local)} ; remote traffic selector = ${selectorText(other)}`;
      return told('OSAL_INITIATE_TUNNEL', `Received request to establish an IPsec tunnel; ${selectors}`);
    }
    case 'ike-sa-requested':
      return told('RECV_CONNECTION_REQUEST', 'Received a IKE_INIT_SA request');
    case 'ike-sa-up':
      return [...session('UP'), ...told('SA_UP', 'SA UP')];
    case 'ike-sa-down':
      return [...session('DOWN'), ...told('SA_DOWN', 'SA DOWN')];
    case 'ike-failed':
      // A failure is an error: it is told whatever is switched on.
      return [say('IKEV2', 3, 'NEG_ABORT', `Negotiation aborted due to ERROR: ${errorText(event.cause)}`)];
    default:
      return [];
  }
}

function bgp(
  { code, text }: GatewayLogEvent,
  { neighbor, vrf, reason }: BgpDetails,
  { neighbors }: Talk,
): SyslogMessage[] | undefined {
  const who = `neighbor ${neighbor}${vrf === undefined || vrf === '' ? '' : ` vpn vrf ${vrf}`}`;
  switch (code) {
    case 'bgp-neighbor-up':
      return neighbors ? [say('BGP', 5, 'ADJCHANGE', `${who} Up `)] : [];
    case 'bgp-neighbor-down':
      return neighbors ? [say('BGP', 5, 'ADJCHANGE', `${who} Down ${reason ?? ''}`.trimEnd())] : [];
    // `sent to neighbor A 4/0 (hold time expired) 0 bytes` is how the event has it.
    case 'notification-sent':
    case 'notification-received':
      return [say('BGP', 3, 'NOTIFICATION', text.replace(`neighbor ${neighbor}`, who))];
    default:
      return undefined;
  }
}

/** RFC 2385: segments without a digest, or with a wrong one. */
function tcp({ code }: GatewayLogEvent, { local, remote }: TcpDetails): SyslogMessage[] | undefined {
  const ends = `from ${remote} to ${local} tableid - 0`;
  if (/md5/.test(code) === false) return undefined;
  const what = /missing|without|no-/.test(code) ? 'No MD5 digest' : 'Invalid MD5 digest';
  return [say('TCP', 6, 'BADAUTH', `${what} ${ends}`)];
}

/** Messages of the forwarding processor come in an envelope of its own. */
function platform({ at }: GatewayLogEvent, text: string): SyslogMessage {
  const stamp = String(Math.floor(at) * 1_000_000).padStart(20, '0');
  return say('IOSXE', 3, 'PLATFORM', `R0/0: cpp_cp: QFP:0.0 Thread:000 TS:${stamp} ${text}`);
}

function esp(event: GatewayLogEvent, details: EspDetails): SyslogMessage[] | undefined {
  const { reason, spi, local, remote, inner } = details;
  const hex = (spi >>> 0).toString(16);
  const where = `DP Handle ${spi & 0xff}, src_addr ${remote}, dest_addr ${local}, SPI 0x${hex}`;
  switch (reason) {
    case 'unknown-spi': {
      const number = `0x${hex.toUpperCase()}(${spi >>> 0})`;
      const text = `decaps: rec'd IPSEC packet has invalid spi for destaddr=${local}, prot=50, spi=${number}, srcaddr=${remote}`;
      return [say('CRYPTO', 4, 'RECVD_PKT_INV_SPI', text)];
    }
    case 'replayed':
    case 'too-old':
      return [platform(event, `%IPSEC-3-REPLAY_ERROR: IPSec SA receives anti-replay error, ${where}`)];
    case 'integrity-failed':
      return [platform(event, `%IPSEC-3-HMAC_ERROR: IPSec SA receives HMAC error, ${where}`)];
    case 'selector-mismatch': {
      const packet =
        inner === undefined
          ? ''
          : `(ip) dest_addr= ${inner.destination}, src_addr= ${inner.source}, prot= ${inner.protocol}`;
      return [
        say('CRYPTO', 4, 'RECVD_PKT_INV_IDENTITY', `identity doesn't match negotiated identity ${packet}`.trimEnd()),
      ];
    }
    default:
      return undefined;
  }
}

function tunnel({ code }: GatewayLogEvent, name: string): SyslogMessage[] | undefined {
  if (code === 'acquire') return [];
  if (code !== 'recursive-routing') return undefined;
  return [say('TUN', 5, 'RECURDOWN', `${name} temporarily disabled due to recursive routing`)];
}

function say(facility: string, level: Level, id: string, text: string): SyslogMessage {
  return { facility, level, id, text };
}
