/** `show version`: what runs, since when, and on which interfaces. */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { count, list, object, publish, text, type Value } from './schema.ts';
import { lines, type Shown } from './shown.ts';

/** Held to package.json by a test. */
export const VERSION = '0.1.0';

/** Whose configuration and outputs we follow, and those of which release. */
const FOLLOWED = {
  asa: ['Cisco Adaptive Security Appliance Software', '9.20(2)'],
  iosxe: ['Cisco IOS XE Software', '17.09'],
} as const;

export const versionSchema = publish(
  'show-version',
  'show version',
  object({
    product: text('name of the product'),
    version: text('its version'),
    dialect: text('whose configuration it runs'),
    dialectVersion: text('release of that which is followed'),
    hostname: text('host name'),
    uptimeSeconds: count('since the start'),
    interfaces: list(text('hardware name'), 'interfaces that are no tunnels'),
  }),
);
export type Version = Value<typeof versionSchema.schema>;

export function showVersion(snapshot: GatewaySnapshot): Shown<Version> {
  const value = versionValue(snapshot);
  return { value, text: textOf(value) };
}

export function versionValue({ hostname, now, startedAt, interfaces, model }: GatewaySnapshot): Version {
  const [dialect, dialectVersion] = FOLLOWED[model.dialect];
  return {
    product: 'Wheelwright',
    version: VERSION,
    dialect,
    dialectVersion,
    hostname,
    uptimeSeconds: Math.max(0, Math.floor((now - (startedAt ?? 0)) / 1000)),
    interfaces: interfaces.filter(({ kind }) => kind === 'ethernet' || kind === 'loopback').map(({ name }) => name),
  };
}

function textOf(v: Version): string {
  return lines([
    '',
    `${v.product} Version ${v.version}`,
    `Runs the configuration of ${v.dialect} Version ${v.dialectVersion}`,
    '',
    `${v.hostname} up ${upWords(v.uptimeSeconds)}`,
    '',
    ...v.interfaces.map((name, i) => `${String(i).padStart(2)}: Ext: ${name}`),
  ]);
}

/** `6 days 2 hours`: the two largest units that are not zero before them. */
function upWords(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['min', 60],
    ['sec', 1],
  ] as const;
  let left = seconds;
  const words: string[] = [];
  for (const [name, length] of units) {
    const figure = Math.floor(left / length);
    left -= figure * length;
    if (figure > 0 || words.length > 0) words.push(`${figure} ${name}${figure === 1 ? '' : 's'}`);
  }
  return words.length === 0 ? '0 secs' : words.slice(0, 2).join(' ');
}
