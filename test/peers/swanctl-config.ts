/** Connections of strongSwan, in swanctl.conf's language, with the parts that a test is about. */
export type ConnectionOptions = Readonly<{
  local: string;
  /** Absent: any. */
  remote?: string;
  proposals: string;
  /** ESP without UDP where there is no NAT; otherwise always in UDP. */
  bareEsp?: boolean;
  espProposals: string;
  /** Further lines of the connection, of its child, and of its two sides. */
  connection?: readonly string[];
  child?: readonly string[];
  localSide?: readonly string[];
  remoteSide?: readonly string[];
  /** Further secrets. */
  secrets?: readonly string[];
  /** What it calls itself and the peer; absent: the addresses. */
  localId?: string;
  remoteId?: string;
  localSelectors?: string;
  remoteSelectors?: string;
  /** Keys: strongSwan's own, and the peer's. */
  keys?: readonly [local: string, remote: string];
}>;

const ANYTHING = '0.0.0.0/0, ::/0';

export function connectionConfig(options: ConnectionOptions, name = 'site', child = 'net'): string {
  const { local, remote, keys = ['other-way', 'one-way'] } = options;
  const localId = options.localId ?? local;
  const remoteId = options.remoteId ?? remote ?? '%any';
  // It signs with the key that fits both identities best, and accepts every key that fits one of them.
  const lines = (more: readonly string[] = []): string => more.join('\n');
  return `connections {
  ${name} {
    version = 2
    local_addrs = ${local}
    remote_addrs = ${remote ?? '%any'}
    encap = ${options.bareEsp === true ? 'no' : 'yes'}
    proposals = ${options.proposals}
    ${lines(options.connection)}
    local {
      auth = psk
      id = ${localId}
      ${lines(options.localSide)}
    }
    remote {
      auth = psk
      id = ${remoteId}
      ${lines(options.remoteSide)}
    }
    children {
      ${child} {
        local_ts = ${options.localSelectors ?? ANYTHING}
        remote_ts = ${options.remoteSelectors ?? ANYTHING}
        esp_proposals = ${options.espProposals}
        ${lines(options.child)}
      }
    }
  }
}
secrets {
  ike-own {
    id-local = ${localId}
    id-remote = ${remoteId}
    secret = "${keys[0]}"
  }
  ike-peer {
    id = ${remoteId}
    secret = "${keys[1]}"
  }
  ${lines(options.secrets)}
}
`;
}
