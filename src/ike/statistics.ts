/** Figures over all IKE SAs there were, for `show crypto ikev2 stats`. Payloads are those of encrypted messages. */
import type { Payload } from './wire/message.ts';
import { ProtocolId } from './wire/message.ts';

export type IkeStatistics = Readonly<{
  bytesReceived: number;
  bytesSent: number;
  /** Encrypted messages: opened and sealed. */
  opened: number;
  sealed: number;
  notifiesReceived: number;
  notifiesSent: number;
  ikeDeletesReceived: number;
  ikeDeletesSent: number;
  childDeletesReceived: number;
  childDeletesSent: number;
  configurationsReceived: number;
  configurationsSent: number;
  /** Requests without payloads: the peer asks whether we live, and the other way. */
  livenessReceived: number;
  livenessSent: number;
  natKeepalivesSent: number;
  /** Sessions by who began them; rekeying does not count. */
  sessionsInitiated: number;
  sessionsResponded: number;
  sessionsInitiatedFailed: number;
  sessionsRespondedFailed: number;
  /** Now, and at most at one time. */
  sessions: number;
  peakSessions: number;
  ikeRekeysInitiated: number;
  ikeRekeysResponded: number;
  /** Child SAs made, those that replaced another included. */
  childSasMade: number;
  childRekeysInitiated: number;
  childRekeysResponded: number;
  childSasDeleted: number;
  peakChildSas: number;
  cookieChallenges: number;
  cookiesAccepted: number;
  cookiesRefused: number;
}>;

export type Statistics = { -readonly [K in keyof IkeStatistics]: number };

export function zeroStatistics(): Statistics {
  return {
    bytesReceived: 0,
    bytesSent: 0,
    opened: 0,
    sealed: 0,
    notifiesReceived: 0,
    notifiesSent: 0,
    ikeDeletesReceived: 0,
    ikeDeletesSent: 0,
    childDeletesReceived: 0,
    childDeletesSent: 0,
    configurationsReceived: 0,
    configurationsSent: 0,
    livenessReceived: 0,
    livenessSent: 0,
    natKeepalivesSent: 0,
    sessionsInitiated: 0,
    sessionsResponded: 0,
    sessionsInitiatedFailed: 0,
    sessionsRespondedFailed: 0,
    sessions: 0,
    peakSessions: 0,
    ikeRekeysInitiated: 0,
    ikeRekeysResponded: 0,
    childSasMade: 0,
    childRekeysInitiated: 0,
    childRekeysResponded: 0,
    childSasDeleted: 0,
    peakChildSas: 0,
    cookieChallenges: 0,
    cookiesAccepted: 0,
    cookiesRefused: 0,
  };
}

/** Counts an encrypted message that came. */
export function countOpened(statistics: Statistics, payloads: readonly Payload[]): void {
  statistics.opened++;
  for (const payload of payloads) {
    if (payload.kind === 'notify') statistics.notifiesReceived++;
    else if (payload.kind === 'cp') statistics.configurationsReceived++;
    else if (payload.kind !== 'delete') continue;
    else if (payload.protocol === ProtocolId.IKE) statistics.ikeDeletesReceived++;
    else statistics.childDeletesReceived++;
  }
}

/** Counts an encrypted message that goes, once however often it is repeated. */
export function countSealed(statistics: Statistics, payloads: readonly Payload[]): void {
  statistics.sealed++;
  for (const payload of payloads) {
    if (payload.kind === 'notify') statistics.notifiesSent++;
    else if (payload.kind === 'cp') statistics.configurationsSent++;
    else if (payload.kind !== 'delete') continue;
    else if (payload.protocol === ProtocolId.IKE) statistics.ikeDeletesSent++;
    else statistics.childDeletesSent++;
  }
}
