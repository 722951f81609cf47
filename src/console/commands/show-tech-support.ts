/** `show tech-support`: the other show commands, one after another. */
import { showTechSupport, type TechSupportPart, techSupportSchema } from '../show/tech-support.ts';
import { type Row, shown } from './row.ts';

/** By pattern, in the order in which one reads them. */
const PARTS = [
  'show version',
  'show clock',
  'show running-config ...',
  'show interface',
  'show interface ip brief',
  'show route',
  'show ipv6 route',
  'show crypto ikev2 sa detail',
  'show crypto ikev2 stats',
  'show crypto ipsec sa detail',
  'show crypto ipsec stats',
  'show crypto protocol statistics ikev2',
  'show crypto protocol statistics ipsec',
  'show vpn-sessiondb',
  'show vpn-sessiondb detail l2l',
  'show bgp summary',
  'show bgp ipv6 unicast summary',
  'show bgp neighbors',
  'show bgp',
  'show bgp ipv6 unicast',
  'show capture',
  'show logging',
] as const;

export function techSupport(rows: readonly Row[]): Row {
  const known = new Map(rows.map((row) => [row.pattern, row]));
  return {
    pattern: 'show tech-support',
    help: 'everything, for somebody who helps; keys and passwords are left out',
    schema: techSupportSchema,
    run: (device) => {
      const parts = PARTS.flatMap((pattern): TechSupportPart[] => {
        const row = known.get(pattern);
        const result = row?.run(device, { arguments: {}, rest: [] });
        if (row?.schema === undefined || result?.kind !== 'text' || result.value === undefined) return [];
        const command = pattern.replace(' ...', '');
        return [{ command, schema: row.schema.name, value: result.value, text: result.text }];
      });
      return shown(showTechSupport(parts));
    },
  };
}
