/**
 * A driver without a gateway, run in a network namespace by `linux-*.test.ts`: performs orders that come in as lines of
 * JSON, answers each by a line, and prints what the system reports.
 */
import { createInterface } from 'node:readline';
import { fromHex, IpAddress, Prefix, SecretKey, toHex } from '../../src/base/index.ts';
import { openLinux } from '../../src/host/linux/index.ts';
import type { System, SystemEvent, SystemRoute } from '../../src/host/system.ts';

type Order = Readonly<{ id: number; order: string; arguments: readonly unknown[] }>;

const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

const opened = openLinux({
  event: (event: SystemEvent) =>
    print({ event: 'packets' in event ? { ...event, packets: event.packets.map(toHex) } : event }),
  tcp: (event) => print({ tcp: event }),
});
if (!opened.ok) {
  print({ opened });
  process.exit(1);
}
const system = opened.value;
print({ opened: { ok: true } });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
function address(value: unknown): IpAddress {
  const parsed = IpAddress.parse(text(value));
  if (parsed === undefined) throw new Error(`no address: ${value}`);
  return parsed;
}
function prefix(value: unknown): Prefix {
  const parsed = Prefix.parse(text(value));
  if (parsed === undefined) throw new Error(`no prefix: ${value}`);
  return parsed;
}
function interfaces(value: unknown): readonly { address: IpAddress; length: number }[] {
  return (Array.isArray(value) ? value : []).map((one) => {
    const [host, length] = text(one).split('/');
    return { address: address(host), length: Number(length) };
  });
}
/** A route as `PREFIX TABLE METRIC [LINK[=GATEWAY] …]`. */
function route(value: unknown): SystemRoute {
  const [destination, table, metric, ...hops] = text(value).split(' ');
  const nextHops = hops.map((hop) => {
    const [link = '', gateway] = hop.split('=');
    return gateway === undefined ? { link } : { link, gateway: address(gateway) };
  });
  return { prefix: prefix(destination), table: Number(table), metric: Number(metric), nextHops };
}
const packet = (value: unknown): Uint8Array => {
  const bytes = fromHex(text(value));
  if (bytes === undefined) throw new Error('no bytes');
  return bytes;
};

const orders: Readonly<Record<string, (of: System, a: readonly unknown[]) => unknown>> = {
  links: (of) => of.links(),
  listen: (of, [a]) => of.listen(address(a)),
  unlisten: (of, [a]) => of.unlisten(address(a)),
  sendOuter: (of, [a]) => of.sendOuter(packet(a)),
  openTun: (of, [name, mtu]) => of.openTun(text(name), number(mtu)),
  setTun: (of, [name, mtu, list]) => of.setTun(text(name), number(mtu), interfaces(list)),
  closeTun: (of, [name]) => of.closeTun(text(name)),
  sendInner: (of, [name, a]) => of.sendInner(text(name), packet(a)),
  routes: (of) => of.routes(),
  setRoute: (of, [a]) => of.setRoute(route(a)),
  removeRoute: (of, [a]) => of.removeRoute(route(a)),
  addAddress: (of, [link, a]) => interfaces([a]).map((one) => of.addAddress(text(link), one.address, one.length))[0],
  removeAddress: (of, [link, a]) =>
    interfaces([a]).map((one) => of.removeAddress(text(link), one.address, one.length))[0],
  demandCookies: (of, [key]) =>
    of.demandCookies?.(key === undefined ? [] : [{ version: 1, key: new SecretKey(packet(key)) }]),
  counters: (of) => of.counters(),
  close: (of) => of.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, arguments: given } = JSON.parse(line) as Order;
  print({ id, answer: orders[order]?.(system, given) ?? null });
}
