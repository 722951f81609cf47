/** `show crypto …`. */
import { showCryptoIkev2Sa } from '../show/crypto-ikev2-sa.ts';
import { showCryptoIpsecSa } from '../show/crypto-ipsec-sa.ts';
import { withAddress } from './arguments.ts';
import { type Row, text } from './row.ts';

export const showCrypto: readonly Row[] = [
  {
    pattern: 'show crypto ikev2 sa',
    help: 'IKE SAs and their child SAs',
    run: (device) => text(showCryptoIkev2Sa(device.snapshot(), false)),
  },
  {
    pattern: 'show crypto ikev2 sa detail',
    help: 'with identities, message ids and liveness',
    run: (device) => text(showCryptoIkev2Sa(device.snapshot(), true)),
  },
  {
    pattern: 'show crypto ipsec sa',
    help: 'IPsec SAs with their counters',
    run: (device) => text(showCryptoIpsecSa(device.snapshot(), undefined)),
  },
  {
    pattern: 'show crypto ipsec sa peer <address>',
    help: 'those with one peer',
    run: (device, { arguments: given }) =>
      withAddress(given['address'], (peer) => text(showCryptoIpsecSa(device.snapshot(), peer))),
  },
];
