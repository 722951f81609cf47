/** Reauthentication as initiator, RFC 7296 section 2.8.3, make before break: a new IKE SA beside the one in use. */
import { after } from '../base/index.ts';
import type { IkeContext } from './context.ts';
import { startIkeSa } from './exchange-ike-sa-init.ts';
import type { IkeSa } from './ike-sa.ts';

const RETRY_MS = 10_000;

/** Begins the IKE SA that shall replace this one, unless one is under way; tries again should it come to nothing. */
export function reauthenticate(context: IkeContext, sa: IkeSa): void {
  const state = context.peerOf(sa);
  sa.reauthAt = undefined;
  // Only a peer whose place is configured can be called; another one is told when to come (RFC 4478).
  if (state === undefined || state.policy.remote === undefined || !sa.isUp) return;
  sa.reauthAt = after(context.now, RETRY_MS);
  for (const other of state.sas) if (other.reauthenticates === sa.session && !other.isUp) return;
  context.count('reauthentications');
  startIkeSa(context, state, wayOf(sa), sa.session);
}

/** Port 500 again, but from and to behind a NAT the ports that are open. */
function wayOf({ path, natLocal, natRemote }: IkeSa): IkeSa['path'] {
  if (natLocal || natRemote) return path;
  return { ...path, local: { ...path.local, port: 500 }, remote: { ...path.remote, port: 500 } };
}
