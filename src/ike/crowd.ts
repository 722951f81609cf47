/**
 * How many IKE SAs one peer may have here. One that authenticates itself over and over, or rekeys without ever
 * deleting, must not fill the memory: the oldest goes. A peer needs one, two while it renews it, and a few more that
 * wait for a Delete or for a repeated request.
 */
import { endIkeSa } from './closing.ts';
import type { IkeContext } from './context.ts';
import type { Cause } from './events.ts';
import { identityText } from './identity.ts';
import type { IkeSa } from './ike-sa.ts';
import { dismiss } from './succession.ts';

export const MAX_IKE_SAS = 12;
const TOO_MANY: Cause = { code: 'too-many-ike-sas', text: `the peer has ${MAX_IKE_SAS} IKE SAs: the oldest ends` };

/** Counts an IKE SA with those of its peer, by identity and address, and ends what is too much. */
export function joinCrowd(context: IkeContext, sa: IkeSa): void {
  if (sa.peer === undefined || sa.remoteIdentity === undefined) return;
  const key = `${sa.peer.name} ${sa.path.remote.address} ${identityText(sa.remoteIdentity)}`;
  const crowd = context.crowds.get(key) ?? new Set();
  context.crowds.set(key, crowd);
  crowd.add(sa);
  sa.crowd = key;
  while (crowd.size > MAX_IKE_SAS) {
    const others = [...crowd].filter((other) => other !== sa && !isUndecided(other));
    const oldest = others.find(({ isUp }) => !isUp) ?? others[0];
    if (oldest === undefined) return;
    context.count('too-many-ike-sas');
    if (oldest.isUp) {
      context.notice(oldest, TOO_MANY.code, TOO_MANY.text);
      endIkeSa(context, oldest, TOO_MANY);
    }
    dismiss(context, oldest);
  }
}

/** Whether it is one of two that both ends made at once, which the end of our own exchange decides. */
function isUndecided({ stage, isUp }: IkeSa): boolean {
  return stage.kind === 'established' && !isUp;
}
