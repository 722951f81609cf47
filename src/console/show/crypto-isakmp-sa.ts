/** `show crypto isakmp sa`: both halves, of which we speak the second alone (show-output A1). */
import type { GatewaySnapshot } from '../../gateway/index.ts';
import { type CryptoIkev2Sa, showCryptoIkev2Sa } from './crypto-ikev2-sa.ts';
import type { Shown } from './shown.ts';

export function showCryptoIsakmpSa(snapshot: GatewaySnapshot, detail: boolean): Shown<CryptoIkev2Sa> {
  const { value, text } = showCryptoIkev2Sa(snapshot, detail);
  return { value, text: `\nThere are no IKEv1 SAs\n${value.sas.length === 0 ? '\n' : ''}${text}` };
}
