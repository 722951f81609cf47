/** What a stack counts. */
export type Counters = Record<
  | 'segmentsReceived'
  | 'segmentsSent'
  | 'retransmissions'
  | 'malformed'
  | 'badChecksum'
  | 'unacceptable'
  | 'challengeAcks'
  | 'resetsSent'
  | 'resetsReceived'
  | 'md5Missing'
  | 'md5Invalid'
  | 'md5Unexpected'
  | 'backlogFull',
  number
>;

export function zeroCounters(): Counters {
  return {
    segmentsReceived: 0,
    segmentsSent: 0,
    retransmissions: 0,
    malformed: 0,
    badChecksum: 0,
    unacceptable: 0,
    challengeAcks: 0,
    resetsSent: 0,
    resetsReceived: 0,
    md5Missing: 0,
    md5Invalid: 0,
    md5Unexpected: 0,
    backlogFull: 0,
  };
}
