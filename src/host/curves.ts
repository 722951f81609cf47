/** Which OpenSSL exchanges keys on elliptic curves in this process: chosen once, when something that runs begins. */
import { versions } from 'node:process';
import { useNativeCurves } from '../crypto/index.ts';
import { openLibcrypto } from './linux/libcrypto.ts';

export type CurveChoice = Readonly<{
  /** The machine's library; absent: Node's own is used. */
  library?: string;
  /** For people. */
  text: string;
}>;

/** `machine`: the machine's library for those curves where it agrees with Node; Node's own where there is none. */
export function chooseCurves(wanted: 'machine' | 'node' = 'machine'): CurveChoice {
  const own = `Node's OpenSSL ${versions['openssl'] ?? ''}`.trim();
  if (wanted === 'node') {
    useNativeCurves(undefined);
    return { text: `${own} (as the host file says)` };
  }
  const opened = openLibcrypto();
  if (!opened.ok) {
    useNativeCurves(undefined);
    return { text: `${own} (${opened.error})` };
  }
  const { name } = opened.value;
  const curves = useNativeCurves(opened.value);
  if (curves.length === 0) return { text: `${own} (${name} computes something else)` };
  return { library: name, text: `${name} of this machine (${curves.join(', ')})` };
}
