/**
 * Generates a hub-and-spoke lab of any size: ASA hubs with a dynamic VTI, ASA spokes with one static VTI for each hub,
 * BGP over all of them. Small ones have the addresses that examples of this design use.
 */
import { asaHub, asaSpoke } from './hub-spoke-configs.ts';
import { type HubSpokePlan, planHubSpoke } from './hub-spoke-plan.ts';

export type HubSpokeOptions = Readonly<{
  /** 1 to 8. */
  hubs: number;
  /** 1 to 4000. */
  spokes: number;
  /** Spokes with a host in their LAN, counted from the first; without it all of them, at most twenty. */
  hosts?: number;
  /** BGP keepalive and hold time in seconds; without it 5 and 15, from a hundred spokes on 10 and 30. */
  timers?: Readonly<{ keepalive: number; hold: number }>;
  /** What hubs tell spokes: every LAN, or a default route alone. */
  hubRoutes?: 'all' | 'default';
  /** Delay of a spoke's way to the shared segment, milliseconds. */
  delayMs?: number;
}>;

/** Files by name: `topology.yaml` and one configuration for each device. */
export function generateHubSpoke(options: HubSpokeOptions): Readonly<{ files: ReadonlyMap<string, string> }> {
  const plan = planHubSpoke(options);
  const files = new Map([['topology.yaml', topology(plan)]]);
  for (const hub of plan.hubs) files.set(`${hub.name}.cfg`, asaHub(plan, hub));
  for (const spoke of plan.spokes) files.set(`${spoke.name}.cfg`, asaSpoke(plan, spoke));
  return { files };
}

function topology(plan: HubSpokePlan): string {
  const hosted = plan.spokes.filter(({ host }) => host !== undefined);
  const bare = plan.spokes.filter(({ host }) => host === undefined);
  const nodes: string[] = [];
  const links: string[] = [];
  const pings: string[] = [];
  const datacenterGateways = plan.hubs.map(({ inside }) => inside).join(', ');
  nodes.push('internet: { kind: bridge }', 'datacenter: { kind: bridge }');
  if (bare.length > 0) nodes.push('lans: { kind: bridge }');
  nodes.push(`lan-hub: { kind: host, addresses: [${plan.datacenterHost}/24], gateway: [${datacenterGateways}] }`);
  links.push('{ endpoints: ["lan-hub:eth0", "datacenter:lan-hub"] }');
  for (const { name } of plan.hubs) {
    nodes.push(`${name}: { kind: asa, startup-config: ${name}.cfg }`);
    links.push(`{ name: ${name}-outside, endpoints: ["${name}:GigabitEthernet0/0", "internet:${name}"], delay: 1ms }`);
    links.push(`{ name: ${name}-inside, endpoints: ["${name}:GigabitEthernet0/1", "datacenter:${name}"] }`);
  }
  for (const { name, inside, host } of plan.spokes) {
    nodes.push(`${name}: { kind: asa, startup-config: ${name}.cfg }`);
    links.push(
      `{ name: ${name}-outside, endpoints: ["${name}:GigabitEthernet0/0", "internet:${name}"], delay: ${plan.delayMs}ms }`,
    );
    if (host === undefined)
      links.push(`{ name: ${name}-inside, endpoints: ["${name}:GigabitEthernet0/1", "lans:${name}"] }`);
    else {
      nodes.push(`lan-${name}: { kind: host, addresses: [${host}/24], gateway: ${inside} }`);
      links.push(`{ name: ${name}-inside, endpoints: ["${name}:GigabitEthernet0/1", "lan-${name}:eth0"] }`);
      pings.push(`{ from: lan-${name}, to: ${plan.datacenterHost} }`);
    }
  }
  const [first, second] = hosted;
  if (first !== undefined && second !== undefined) pings.push(`{ from: lan-${first.name}, to: ${second.host} }`);
  return [
    `# ${plan.hubs.length} hubs, ${plan.spokes.length} spokes, ${plan.hubs.length * plan.spokes.length} tunnels.`,
    `name: hub-spoke-${plan.hubs.length}x${plan.spokes.length}`,
    'topology:',
    '  nodes:',
    ...nodes.map((line) => `    ${line}`),
    '  links:',
    ...links.map((line) => `    - ${line}`),
    'wheelwright:',
    ...(pings.length === 0 ? ['  pings: []'] : ['  pings:', ...pings.map((line) => `    - ${line}`)]),
    '',
  ].join('\n');
}
