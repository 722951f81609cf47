/** What passes between others: connections, and what policies do to them. */
import { connSchema, showConn } from '../show/conn.ts';
import { servicePolicySchema, showServicePolicy } from '../show/service-policy.ts';
import { withAddress } from './arguments.ts';
import { invalid, type Row, shown } from './row.ts';

export const showTransit: readonly Row[] = [
  ...(
    [
      ['show conn', 'brief', 'connections between others'],
      ['show conn detail', 'detail', 'connections between others, with their ages'],
      ['show conn count', 'count', 'how many connections there are between others'],
    ] as const
  ).map(
    ([pattern, how, help]): Row => ({
      pattern,
      help,
      schema: connSchema,
      run: (device) => shown(showConn(device.snapshot(), how)),
    }),
  ),
  {
    pattern: 'show service-policy',
    help: 'what policies have done to connections',
    schema: servicePolicySchema,
    run: (device) => shown(showServicePolicy(device.snapshot())),
  },
  {
    pattern: 'show service-policy global',
    help: 'what the global policy has done',
    schema: servicePolicySchema,
    run: (device) => shown(showServicePolicy(device.snapshot(), 'global')),
  },
  {
    pattern: 'show service-policy interface <name>',
    help: 'what the policy of an interface has done',
    schema: servicePolicySchema,
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      const name = given['name'] ?? '';
      const found = snapshot.model.interfaces.find(({ alias }) => alias?.toLowerCase() === name.toLowerCase());
      return found?.alias === undefined
        ? invalid(`no interface ${name}`)
        : shown(showServicePolicy(snapshot, found.alias));
    },
  },
];

export const clearTransit: readonly Row[] = [
  {
    pattern: 'clear conn [all]',
    help: 'Forget all connections between others',
    run: () => ({ kind: 'operator', request: { kind: 'clear-connections' } }),
  },
  {
    pattern: 'clear conn address <address>',
    help: 'Forget the connections of a host',
    run: (_, { arguments: given }) =>
      withAddress(given['address'], (address) => ({
        kind: 'operator',
        request: { kind: 'clear-connections', address },
      })),
  },
];
