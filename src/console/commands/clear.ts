/** `clear …`: what the operator takes down, so that it comes up anew. */
import { withAddress } from './arguments.ts';
import type { Row } from './row.ts';

export const clear: readonly Row[] = [
  {
    pattern: 'clear crypto ikev2 sa',
    help: 'delete all IKE SAs',
    run: () => ({ kind: 'operator', request: { kind: 'clear-ike' } }),
  },
  {
    pattern: 'clear crypto ipsec sa',
    help: 'delete all child SAs',
    run: () => ({ kind: 'operator', request: { kind: 'clear-child' } }),
  },
  {
    pattern: 'clear bgp <address>',
    help: 'reset a session',
    run: (_, { arguments: given }) =>
      withAddress(given['address'], (neighbor) => ({
        kind: 'operator',
        request: { kind: 'clear-bgp', neighbor, soft: false },
      })),
  },
];
