/** Protocols and ports as access lists name them. */
import type { Param } from '../parameters.ts';

export type PortRange = Readonly<{ from: number; to: number }>;

/** Protocols by name, with help. */
export const PROTOCOLS = {
  ip: 'Any protocol',
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ICMP',
  icmp6: 'ICMPv6',
  esp: 'ESP',
  ah: 'AH',
  gre: 'GRE',
  ospf: 'OSPF',
  eigrp: 'EIGRP',
  igmp: 'IGMP',
  ipinip: 'IP in IP',
  pim: 'PIM',
  sctp: 'SCTP',
} as const;

const PROTOCOL_NUMBERS: Readonly<Record<keyof typeof PROTOCOLS, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ipinip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  eigrp: 88,
  ospf: 89,
  pim: 103,
  sctp: 132,
};

const PORTS: Readonly<Record<string, number>> = {
  bgp: 179,
  bootpc: 68,
  bootps: 67,
  domain: 53,
  ftp: 21,
  'ftp-data': 20,
  http: 80,
  https: 443,
  imap4: 143,
  isakmp: 500,
  kerberos: 750,
  ldap: 389,
  ldaps: 636,
  'non500-isakmp': 4500,
  ntp: 123,
  pop3: 110,
  radius: 1645,
  'radius-acct': 1646,
  rip: 520,
  sip: 5060,
  smtp: 25,
  snmp: 161,
  snmptrap: 162,
  sqlnet: 1521,
  ssh: 22,
  syslog: 514,
  tacacs: 49,
  telnet: 23,
  tftp: 69,
  whois: 43,
  www: 80,
};

export function protocolNumber(word: keyof typeof PROTOCOLS): number {
  return PROTOCOL_NUMBERS[word];
}

export function protocolName(protocol: number): string {
  const found = Object.entries(PROTOCOL_NUMBERS).find(([, value]) => value === protocol);
  return found?.[0] ?? String(protocol);
}

/** A port by name or number; kept as written. */
export function portParam(help: string): Param<string> {
  return {
    kind: 'number',
    help,
    shape: '<0-65535>',
    optional: false,
    many: false,
    write: String,
    read: (line, index) => {
      const word = line.tokens[index]?.text.toLowerCase() ?? '';
      if (PORTS[word] !== undefined) return { ok: true, value: word, used: 1 };
      if (!/^\d{1,9}$/.test(word))
        return { ok: false, fault: { code: 'malformed', message: 'expected a port number, or a name such as bgp' } };
      if (Number(word) <= 65535) return { ok: true, value: String(Number(word)), used: 1 };
      return { ok: false, fault: { code: 'out-of-range', message: `${word} is not within 0 to 65535` } };
    },
  };
}

/** Number of a port that was read. */
export function portNumber(word: string): number {
  return PORTS[word] ?? Number(word);
}

/** The range of ports that a comparison stands for; undefined: any. */
export function portsOf(
  op: string | undefined,
  port: string | undefined,
  from: string | undefined,
  to: string | undefined,
): PortRange | 'empty' | undefined {
  const range = (low: number, high: number): PortRange | 'empty' => (low > high ? 'empty' : { from: low, to: high });
  if (from !== undefined && to !== undefined) return range(portNumber(from), portNumber(to));
  if (op === undefined || port === undefined) return undefined;
  const value = portNumber(port);
  if (op === 'lt') return range(0, value - 1);
  return op === 'gt' ? range(value + 1, 65535) : range(value, value);
}
