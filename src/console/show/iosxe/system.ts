/** The device itself in IOS-XE's layout: version, inventory, users, TCP, the configuration and parts of it. */
import { showRunning } from '../../../config/index.ts';
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import type { RunningConfig } from '../running-config.ts';
import { list, object, publish, text, type Value } from '../schema.ts';
import { endpointSchema, endpointValue } from '../selectors.ts';
import { lines, type Shown } from '../shown.ts';
import { type Version, versionValue } from '../version.ts';
import { clockText } from '../wall-clock.ts';
import { uptimeWords } from './words.ts';

export function showIosVersion(snapshot: GatewaySnapshot, epochMs: number): Shown<Version> {
  const value = versionValue(snapshot);
  const { hostname, uptimeSeconds, version, dialect, dialectVersion } = value;
  const kinds = value.interfaces.filter((name) => /Ethernet/.test(name)).length;
  return {
    value,
    text: lines([
      `${dialect}, Version ${dialectVersion}`,
      `${value.product} Version ${version}: runs the configuration of ${dialect}`,
      '',
      `${hostname} uptime is ${uptimeWords(uptimeSeconds)}`,
      `System restarted at ${clockText(epochMs + (snapshot.startedAt ?? 0)).replace(/\.\d+/, '')}`,
      '',
      `${kinds} Ethernet interface${kinds === 1 ? '' : 's'}`,
    ]),
  };
}

const inventorySchema = object({
  items: list(
    object({ name: text('name'), description: text('what it is'), product: text('product'), serial: text('number') }),
    'what there is',
  ),
});
export const inventoryListSchema = publish('show-inventory', 'show inventory', inventorySchema);
export type Inventory = Value<typeof inventorySchema>;

/** There is no chassis: the program is all. */
export function showInventory(snapshot: GatewaySnapshot): Shown<Inventory> {
  const { product, version } = versionValue(snapshot);
  const items = [{ name: 'Chassis', description: `${product} ${version}`, product, serial: '' }];
  const blocks = items.flatMap((item) => [
    `NAME: "${item.name}", DESCR: "${item.description}"`,
    `PID: ${item.product.padEnd(18)}, VID: ${version.padEnd(5)}, SN: ${item.serial}`,
    '',
  ]);
  return { value: { items }, text: lines(blocks) };
}

const usersSchema = object({
  lines: list(object({ line: text('line'), user: text('who'), host: text('what it does') }), 'lines in use'),
});
export const userListSchema = publish('show-users', 'show users', usersSchema);
export type Users = Value<typeof usersSchema>;

/** The line that asks is the only one that a console knows of. */
export function showUsers(): Shown<Users> {
  const value = { lines: [{ line: '0 con 0', user: '', host: 'idle' }] };
  const rows = value.lines.map(({ line, user, host }) =>
    `*${line.padStart(9).padEnd(13)}${user.padEnd(11)}${host.padEnd(21)}00:00:00   `.trimEnd(),
  );
  return {
    value,
    text: lines(['    Line       User       Host(s)              Idle       Location', ...rows]),
  };
}

const tcpSchema = object({
  connections: list(
    object({ local: endpointSchema, remote: endpointSchema, state: text('state, RFC 9293 section 3.3.2') }),
    'connections of our own TCP',
  ),
});
export const tcpBriefSchema = publish('show-tcp-brief', 'show tcp brief', tcpSchema);
export type TcpBrief = Value<typeof tcpSchema>;

const TCP_STATES: Readonly<Record<string, string>> = {
  established: 'ESTAB',
  'syn-sent': 'SYNSENT',
  'syn-received': 'SYNRCVD',
  'fin-wait-1': 'FINWAIT1',
  'fin-wait-2': 'FINWAIT2',
  'close-wait': 'CLOSEWAIT',
  'last-ack': 'LASTACK',
  'time-wait': 'TIMEWAIT',
};

export function showTcpBrief({ tcp }: GatewaySnapshot): Shown<TcpBrief> {
  const connections = tcp.connections.map(({ local, remote, state }) => ({
    local: endpointValue(local),
    remote: endpointValue(remote),
    state,
  }));
  const rows = tcp.connections.map(({ connection, local, remote, state }) => {
    const tcb = (connection >>> 0).toString(16).toUpperCase().padStart(8, '0');
    const word = TCP_STATES[state.toLowerCase()] ?? state.toUpperCase();
    const ends = [local, remote].map((end) => `${end.address}.${end.port}`.padEnd(27));
    return `${tcb}  ${ends.join('')} ${word}`;
  });
  const heading = 'TCB       Local Address               Foreign Address             (state)';
  return { value: { connections }, text: lines([heading, ...rows]) };
}

/** Bytes are those of what follows, as on the platform. */
function withHead(what: string, body: readonly string[]): string {
  const size = body.reduce((sum, line) => sum + line.length + 1, 0);
  return lines(['Building configuration...', '', `${what} : ${size} bytes`, ...body]);
}

export function showIosRunningConfig({ model }: GatewaySnapshot, filter: readonly string[]): Shown<RunningConfig> {
  const printed = showRunning(model, filter);
  const own = printed === '' ? [] : printed.replace(/\n+$/, '').split('\n');
  const value = { filter, lines: own };
  const [first = ''] = filter;
  const isPart = filter.length > 0 && first.toLowerCase() !== 'all';
  if (!isPart) return { value, text: withHead('Current configuration', own) };
  // A part of one interface has head and foot; others stand bare.
  if (!'interface'.startsWith(first.toLowerCase())) return { value, text: lines(own) };
  const body = [...(own[0] === '!' ? [] : ['!']), ...own, ...(own.at(-1) === 'end' ? [] : ['end'])];
  return { value, text: own.length === 0 ? '' : withHead('Current configuration', body) };
}

/** What a clone has: the lines of its template, with the ends that its peer gave it. */
export function showDerivedConfig({ model, interfaces }: GatewaySnapshot, name: string): Shown<RunningConfig> {
  const one = interfaces.find((each) => each.name === name);
  const base = one?.tunnel?.template ?? name;
  const printed = showRunning(model, ['interface', base]).replace(/\n+$/, '').split('\n');
  const { source, destination } = one?.tunnel ?? {};
  const inner = printed
    .slice(printed.findIndex((line) => line.startsWith('interface ')) + 1)
    .filter((line) => line.startsWith(' ') && !(base !== name && /^ tunnel (?:source|destination) /.test(line)));
  const protection = inner.findIndex((line) => line.startsWith(' tunnel protection'));
  const at = protection < 0 ? inner.length : protection;
  const ends =
    base === name
      ? []
      : [
          ...(source === undefined ? [] : [` tunnel source ${source}`]),
          ...(destination === undefined ? [] : [` tunnel destination ${destination}`]),
        ];
  const foot = base === name ? [] : [' no tunnel protection ipsec initiate'];
  const body = ['!', `interface ${name}`, ...inner.slice(0, at), ...ends, ...inner.slice(at), ...foot, 'end'];
  const value = { filter: ['interface', name], lines: body };
  return { value, text: withHead('Derived configuration', body) };
}
