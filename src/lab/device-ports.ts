import type { DeviceModel, Diagnostic } from '../config/model.ts';
import type { Topology, TopologyEndpoint } from './topology.ts';

/**
 * Gives the ports of devices their canonical interface names (`hub1:Gi0/0`, or `hub1:outside`, becomes
 * `hub1:GigabitEthernet0/0`) and complains about those that the device's configuration does not have.
 */
export function resolvePorts(
  topology: Topology,
  models: ReadonlyMap<string, DeviceModel>,
): Readonly<{ topology: Topology; diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const used = new Set<string>();
  const resolve = (end: TopologyEndpoint): TopologyEndpoint => {
    const model = models.get(end.node);
    if (model === undefined) return end;
    const port = interfaceOf(model, end.port);
    const complain = (code: string, message: string): void => {
      const physical = model.interfaces.filter(({ kind }) => kind === 'ethernet').map(({ name }) => name);
      diagnostics.push({ severity: 'error', position: end.position, code, message, expected: physical.join(', ') });
    };
    if (port === undefined) {
      complain('unknown-port', `The configuration of \`${end.node}\` has no interface \`${end.port}\`.`);
      return end;
    }
    if (used.has(`${end.node} ${port}`)) complain('duplicate-endpoint', `\`${end.node}:${port}\` has a link already.`);
    used.add(`${end.node} ${port}`);
    return { ...end, port };
  };
  const links = topology.links.map((link) => ({
    ...link,
    ends: [resolve(link.ends[0]), resolve(link.ends[1])] as const,
  }));
  return { topology: { ...topology, links }, diagnostics };
}

/** The physical interface that a name means: its own, an abbreviation, or the name that ASA's `nameif` gave it. */
function interfaceOf({ interfaces }: DeviceModel, written: string): string | undefined {
  const physical = interfaces.filter(({ kind }) => kind === 'ethernet');
  const [letters, number] = split(written);
  const exact = physical.find(({ name, alias }) => name.toLowerCase() === written.toLowerCase() || alias === written);
  if (exact !== undefined || number === '') return exact?.name;
  const matching = physical.filter(({ name }) => {
    const [type, place] = split(name);
    return place === number && letters !== '' && type.startsWith(letters);
  });
  return matching.length === 1 ? matching[0]?.name : undefined;
}

/** `GigabitEthernet 0/0` as its type in lower case and its number. */
function split(name: string): readonly [string, string] {
  const match = /^([a-z-]+?)\s*(\d[\d/.:]*)$/i.exec(name.trim());
  return [(match?.[1] ?? '').toLowerCase(), match?.[2] ?? ''];
}
