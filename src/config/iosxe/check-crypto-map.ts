/**
 * What crypto maps would do, and the tunnel interfaces that do it here. One thing they can not do on the platform
 * either: protect the global table behind a named front VRF. The map stands on an interface of the front VRF, its inside
 * is that VRF unless `ivrf` names another, and the global table has no name.
 */
import { netmask, type Prefix } from '../../base/index.ts';
import type { AccessListEntryModel, CryptoMapModel, DeviceModel, Diagnostic, InterfaceModel } from '../model.ts';

type Report = (diagnostic: Diagnostic) => void;

/** Reports every crypto map that is in use, with the lines to write instead. */
export function checkCryptoMaps(model: DeviceModel, report: Report): void {
  let number = 0;
  for (const port of model.interfaces) {
    if (port.cryptoMap === undefined) continue;
    const position = port.written.attributes['cryptoMap'] ?? port.written.start;
    const entries = (model.cryptoMaps ?? []).filter(({ name }) => name === port.cryptoMap);
    for (const entry of entries) {
      number = freeTunnel(model, number);
      const inside = insideOf(model, port, entry);
      const configuration = tunnelFor(model, port, entry, inside, number);
      number++;
      const where = `crypto map \`${entry.name}\` ${entry.sequence}`;
      const wanted = `${inside.text}, which ${inside.is} in the global table`;
      if (inside.isLost) {
        const message = `${where} can not protect ${wanted}: its inside is VRF ${port.vrf}, where ${port.name} is, and \`ivrf\` can not name the global table; a tunnel interface keeps the two apart`;
        report({ severity: 'error', position, code: 'crypto-map-vrf', message, configuration });
      } else {
        const message = `${where} is not run: a tunnel interface does the same`;
        report({ severity: 'warning', position, code: 'unsupported', message, configuration });
      }
    }
  }
}

type Inside = Readonly<{ vrf: string; isLost: boolean; text: string; is: 'is' | 'are'; lender?: InterfaceModel }>;

/** The table that an entry's packets are meant to come from, and whether the map can say so. */
function insideOf(model: DeviceModel, port: InterfaceModel, entry: CryptoMapModel): Inside {
  const innerVrf = model.ikeProfiles.find(({ name }) => name === entry.ikeProfile)?.innerVrf;
  const stated = innerVrf ?? port.vrf;
  const sources = permitsOf(model, entry).flatMap(({ source }) => source);
  const inTable = (vrf: string): readonly InterfaceModel[] =>
    model.interfaces.filter((one) => one.vrf === vrf && one !== port && sources.some((prefix) => has(one, prefix)));
  const [own, global] = [inTable(stated), inTable('')];
  const isLost = port.vrf !== '' && innerVrf === undefined && own.length === 0 && global.length > 0;
  const owners = isLost ? global : own;
  const theirs = sources.filter((prefix) => owners.some((one) => has(one, prefix)));
  const lender = owners.find(({ kind }) => kind === 'loopback') ?? owners[0];
  return {
    vrf: isLost ? '' : stated,
    isLost,
    text: theirs.join(', '),
    is: theirs.length === 1 ? 'is' : 'are',
    ...(lender === undefined ? {} : { lender }),
  };
}

function has({ addresses }: InterfaceModel, prefix: Prefix): boolean {
  return prefix.length > 0 && addresses.some(({ address }) => prefix.contains(address));
}

function permitsOf(model: DeviceModel, { accessList }: CryptoMapModel): readonly AccessListEntryModel[] {
  const entries = model.accessLists.find(({ name }) => name === accessList)?.entries ?? [];
  return entries.filter(({ action, inactive }) => action === 'permit' && !inactive);
}

function freeTunnel(model: DeviceModel, from: number): number {
  let number = from;
  while (model.interfaces.some(({ name }) => name === `Tunnel${number}`)) number++;
  return number;
}

/** A static VTI with the entry's peer, transforms and profile, and routes to what it protected. */
function tunnelFor(
  model: DeviceModel,
  port: InterfaceModel,
  entry: CryptoMapModel,
  { vrf, lender }: Inside,
  number: number,
): readonly string[] {
  const profile = `${entry.name}-${entry.sequence}`;
  const [peer] = entry.peers;
  const family = peer?.family ?? 4;
  const far = permitsOf(model, entry)
    .flatMap(({ destination }) => destination)
    .filter((prefix) => prefix.family === 4);
  const way = vrf === '' ? '' : `vrf ${vrf} `;
  return [
    `crypto ipsec profile ${profile}`,
    ...(entry.proposals.length === 0 ? [] : [` set transform-set ${entry.proposals.join(' ')}`]),
    ...(entry.pfsGroup === undefined ? [] : [` set pfs group${entry.pfsGroup}`]),
    ...(entry.ikeProfile === undefined ? [] : [` set ikev2-profile ${entry.ikeProfile}`]),
    `interface Tunnel${number}`,
    ...(vrf === '' ? [] : [` vrf forwarding ${vrf}`]),
    lender === undefined ? ' ip address A.B.C.D NETMASK' : ` ip unnumbered ${lender.name}`,
    ` tunnel source ${port.name}`,
    ` tunnel destination ${peer ?? 'A.B.C.D'}`,
    ` tunnel mode ipsec ipv${family}`,
    ...(port.vrf === '' ? [] : [` tunnel vrf ${port.vrf}`]),
    ` tunnel protection ipsec profile ${profile}`,
    ...far.map((prefix) => `ip route ${way}${prefix.address} ${netmask(prefix.length)} Tunnel${number}`),
    `interface ${port.name}`,
    ` no crypto map ${entry.name}`,
  ];
}
