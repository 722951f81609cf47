/** `clear …` of a router. */
import { parameters } from '../../../config/index.ts';
import type { OperatorRequest } from '../../../gateway/index.ts';
import { withAddress } from '../arguments.ts';
import type { Row, RowResult } from '../row.ts';

const operator = (request: OperatorRequest): RowResult => ({ kind: 'operator', request });

const vrf = parameters.name('VRF');

/** All of a kind, and those with a peer. */
function pair(all: string, one: string, kind: 'clear-ike' | 'clear-child', help: string): readonly Row[] {
  return [
    { pattern: all, help, run: () => operator({ kind }) },
    {
      pattern: one,
      help: `${help}, with one peer`,
      run: (_, { arguments: given }) => withAddress(given['address'], (remote) => operator({ kind, remote })),
    },
  ];
}

const SOFT = [
  ['', false, undefined],
  [' soft', true, undefined],
  [' soft in', true, 'in'],
  [' soft out', true, 'out'],
  [' in', true, 'in'],
  [' out', true, 'out'],
] as const;

/** Where sessions are, by the first words. */
const SCOPES = [
  'clear ip bgp',
  'clear ip bgp vrf <vrf>',
  'clear bgp ipv4 unicast',
  'clear bgp ipv6 unicast',
  'clear bgp vrf <vrf>',
] as const;

export const iosClear: readonly Row[] = [
  ...pair(
    'clear crypto session',
    'clear crypto session remote <address>',
    'clear-ike',
    'Delete IKE SAs and their child SAs',
  ),
  ...pair('clear crypto ikev2 sa', 'clear crypto ikev2 sa remote <address>', 'clear-ike', 'Delete IKE SAs'),
  ...pair('clear crypto sa', 'clear crypto sa peer <address>', 'clear-child', 'Delete child SAs'),
  ...SCOPES.flatMap((start) =>
    SOFT.flatMap(([words, soft, direction]): Row[] => {
      const how = { kind: 'clear-bgp', soft, ...(direction === undefined ? {} : { direction }) } as const;
      const help = soft ? 'Exchange routes anew, without a reset' : 'Reset';
      const where = (name: string | undefined): { vrf?: string } => (name === undefined ? {} : { vrf: name });
      return [
        {
          pattern: `${start} *${words}`,
          help: `${help}: all sessions`,
          params: { vrf },
          run: (_, { arguments: given }) => operator({ ...how, ...where(given['vrf']) }),
        },
        {
          pattern: `${start} <address>${words}`,
          help: `${help}: one session`,
          params: { vrf },
          run: (_, { arguments: given }) =>
            withAddress(given['address'], (neighbor) => operator({ ...how, neighbor, ...where(given['vrf']) })),
        },
      ];
    }),
  ),
];
