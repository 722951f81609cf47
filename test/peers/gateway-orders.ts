/** What a test asks of a gateway in another process, and what it is told: one line of JSON each. */
export type Order =
  /** Run this configuration, an ASA's; the first one or a change of it. */
  | Readonly<{ kind: 'configure'; text: string; credentials?: CredentialTexts }>
  /** What no line of the configuration says about peers, from now on. */
  | Readonly<{ kind: 'settings'; settings: readonly SettingsOrder[] }>
  | Readonly<{ kind: 'view' }>
  | Readonly<{ kind: 'ping'; destination: string; source?: string; count: number; size: number; timeoutMs: number }>
  | Readonly<{ kind: 'clear-ike' | 'clear-child'; remote?: string }>
  | Readonly<{ kind: 'shutdown' }>;

/** The gateway's settings of one peer; the key as text. */
export type SettingsOrder = Readonly<{
  peer: string;
  mobike?: 'offer' | 'accept' | 'off';
  reauthenticateMs?: number;
  ppk?: Readonly<{ id: string; key: string; required: boolean }>;
}>;

/** Texts in PEM: private keys by label, and what belongs to trustpoints by name. */
export type CredentialTexts = Readonly<{
  keypairs: Readonly<Record<string, string>>;
  trustpoints: Readonly<
    Record<string, Readonly<{ certificate: string; ca: readonly string[]; crl: readonly string[] }>>
  >;
}>;

/** The answer to every order but `view` and `ping` is null. */
export type Answer = GatewayView | PingView | null;

export type PingView = Readonly<{ replies: number; results: readonly string[] }>;

export type ChildView = Readonly<{
  inboundSpi: string;
  outboundSpi: string;
  encr: number;
  keyBits: number;
  integ: number;
  group: number;
  localSelectors: readonly string[];
  remoteSelectors: readonly string[];
  rekeying: boolean;
  /** Real time until its soft end. */
  rekeyInMs: number;
}>;

export type IkeSaView = Readonly<{
  session: number;
  peer: string;
  status: 'negotiating' | 'established' | 'rekeyed' | 'deleting';
  role: 'initiator' | 'responder';
  local: string;
  remote: string;
  localSpi: string;
  remoteSpi: string;
  encr: number;
  keyBits: number;
  integ: number;
  prf: number;
  group: number;
  authentication?: Readonly<{ local: string; remote: string }>;
  /** Real time until its soft end. */
  rekeyInMs?: number;
  natLocal: boolean;
  natRemote: boolean;
  quantumSafe: boolean;
  mobike: boolean;
  children: readonly ChildView[];
}>;

export type GatewayView = Readonly<{
  sas: readonly IkeSaView[];
  counters: Readonly<Record<string, number>>;
  waiting: readonly Readonly<{ peer: string; lastFailure?: string }>[];
  tunnels: readonly Readonly<{ name: string; up: boolean; downReason?: string }>[];
  drops: Readonly<Record<string, number>>;
}>;
