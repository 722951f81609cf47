/** `wheelwright run`, as bundled, with the plane that its host file asks for. ESP goes in UDP, as the others' does. */
import { until } from '../../../test/peers/until.ts';
import { type BuiltCommand, Wheelwright } from '../../../test/peers/wheelwright.ts';
import { INSIDE, type Network, OUTER, OUTSIDE } from '../network.ts';
import { type Started, type Subject, type Suite, Unavailable } from '../subject.ts';

export type WheelwrightOptions = Readonly<{
  name: string;
  title: string;
  plane: 'software' | 'fast';
  /** Whether ESP goes in UDP though there is no NAT. */
  encapsulated: boolean;
  command: BuiltCommand;
  node: string;
  nodeOptions?: readonly string[];
}>;

const LINKS = { 'GigabitEthernet0/0': OUTSIDE, 'GigabitEthernet0/1': INSIDE };
const UP_WITHIN_MS = 20_000;

const PROPOSALS: Readonly<Record<Suite, readonly string[]>> = {
  'aes-256-gcm': ['protocol esp encryption aes-gcm-256', 'protocol esp integrity null'],
  'aes-128-cbc-sha1': ['protocol esp encryption aes', 'protocol esp integrity sha-1'],
};

export function wheelwright(options: WheelwrightOptions): Subject {
  const { name, title, encapsulated } = options;
  const suites = ['aes-256-gcm', 'aes-128-cbc-sha1'] as const;
  return { name, title, suites, isAttacked: encapsulated, start: (network, suite) => start(network, suite, options) };
}

async function start({ gateways }: Network, suite: Suite, options: WheelwrightOptions): Promise<Started> {
  const { plane, encapsulated, command, node, nodeOptions = [] } = options;
  const host = [`plane: ${plane}`, `force-encapsulation: ${encapsulated}`];
  const settings = { node, nodeOptions, host };
  const begin = (n: 1 | 2): Promise<Wheelwright> =>
    Wheelwright.start(command, gateways[n === 1 ? 0 : 1], configuration(n, suite), LINKS, settings);
  let pair: readonly [Wheelwright, Wheelwright];
  try {
    pair = [await begin(1), await begin(2)];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // It ends at once when the machine, or this version of it, can not do what the host file asks for.
    if (/`plane`/.test(why)) throw new Unavailable(`this version has no plane "${plane}"`);
    throw error;
  }
  const [one, two] = pair;
  await until(
    'the tunnel is up',
    async () => (await one.show('crypto', 'ipsec', 'sa')).includes('#pkts encaps'),
    UP_WITHIN_MS,
  );
  return {
    pids: [one.pid, two.pid],
    runs: () => one.runs() && two.runs(),
    log: () => one.log() + two.log(),
  };
}

/** Gateway `n` of two, with one tunnel and a static route over it. */
function configuration(n: 1 | 2, suite: Suite): string {
  const m = n === 1 ? 2 : 1;
  const remote = OUTER[m - 1] ?? '';
  return `hostname gw${n}
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address ${OUTER[n - 1]} 255.255.255.0
 no shutdown
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.${n}.0.1 255.255.255.0
 no shutdown
interface Tunnel1
 nameif VTI
 ip address 172.16.1.${n} 255.255.255.252
 tunnel source interface outside
 tunnel destination ${remote}
 tunnel mode ipsec ipv4
 tunnel protection ipsec profile VTI
crypto ikev2 policy 10
 encryption aes-gcm-256
 integrity null
 group 31
 prf sha256
crypto ipsec ikev2 ipsec-proposal P
${PROPOSALS[suite].map((line) => ` ${line}\n`).join('')}crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
crypto ikev2 enable outside
tunnel-group ${remote} type ipsec-l2l
tunnel-group ${remote} ipsec-attributes
 peer-id-validate nocheck
 ikev2 local-authentication pre-shared-key bench
 ikev2 remote-authentication pre-shared-key bench
route VTI 10.${m}.0.0 255.255.255.0 172.16.1.${m} 1
`;
}
