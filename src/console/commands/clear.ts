/** `clear …`: what the operator takes down, so that it comes up anew. */
import type { OperatorRequest } from '../../gateway/index.ts';
import { withAddress } from './arguments.ts';
import type { Row, RowResult } from './row.ts';

const operator = (request: OperatorRequest): RowResult => ({ kind: 'operator', request });

/** Soft clears by the words behind the neighbour. */
const SOFT = [
  ['', false, undefined],
  [' soft', true, undefined],
  [' soft in', true, 'in'],
  [' soft out', true, 'out'],
  [' in', true, 'in'],
  [' out', true, 'out'],
] as const;

export const clear: readonly Row[] = [
  ...(['clear crypto ikev2 sa', 'clear crypto isakmp sa'] as const).flatMap((pattern): Row[] => [
    { pattern, help: 'Delete all IKE SAs', run: () => operator({ kind: 'clear-ike' }) },
    {
      pattern: `${pattern} <address>`,
      help: 'Delete the IKE SAs of a peer',
      run: (_, { arguments: given }) =>
        withAddress(given['address'], (remote) => operator({ kind: 'clear-ike', remote })),
    },
  ]),
  ...(['clear crypto ipsec sa', 'clear ipsec sa'] as const).flatMap((pattern): Row[] => [
    { pattern, help: 'Delete all child SAs', run: () => operator({ kind: 'clear-child' }) },
    {
      pattern: `${pattern} peer <address>`,
      help: 'Delete the child SAs of a peer',
      run: (_, { arguments: given }) =>
        withAddress(given['address'], (remote) => operator({ kind: 'clear-child', remote })),
    },
  ]),
  ...SOFT.flatMap(([words, soft, direction]): Row[] => {
    const how = { kind: 'clear-bgp', soft, ...(direction === undefined ? {} : { direction }) } as const;
    const help = soft ? 'Exchange routes anew, without a reset' : 'Reset';
    return [
      { pattern: `clear bgp *${words}`, help: `${help}: all sessions`, run: () => operator(how) },
      {
        pattern: `clear bgp <address>${words}`,
        help: `${help}: one session`,
        run: (_, { arguments: given }) => withAddress(given['address'], (neighbor) => operator({ ...how, neighbor })),
      },
    ];
  }),
];
