/** What a configuration says against itself, and what it names that does not exist. Runs when all lines are read. */

import type { Draft } from '../draft.ts';
import { editDistance } from '../edit-distance.ts';
import type { DeviceModel, Diagnostic, FrontVrfMatch, Position, Written } from '../model.ts';
import { checkCryptoMaps } from './check-crypto-map.ts';
import { checkRouting } from './check-routing.ts';
import { DEFAULT } from './defaults.ts';
import { proposalFault } from './grammar/ikev2.ts';

type Report = (diagnostic: Diagnostic) => void;

/** Reports contradictions and dangling references; what is named and does not exist leaves its user inactive. */
export function checkModel(model: Draft<DeviceModel>, report: Report): void {
  checkProposals(model, report);
  checkProfiles(model, report);
  checkReferences(model, report);
  checkOverlay(model, report);
  checkCryptoMaps(model, report);
}

function checkProposals(model: DeviceModel, report: Report): void {
  for (const one of model.ikeProposals) {
    const fault = proposalFault(one);
    if (fault === undefined) continue;
    const message = `proposal \`${one.name}\` is incomplete and never used: ${fault.text}`;
    report({ severity: 'warning', position: placeOf(one.written, fault.attribute), code: 'incomplete', message });
  }
  for (const one of model.espProposals) {
    const isBare = one.integrity.length === 0 && one.encryption.some(({ encr }) => encr !== 20 && encr !== 21);
    if (!isBare) continue;
    const message = `transform set \`${one.name}\` has no integrity: its packets would go unprotected, it is not offered`;
    report({ severity: 'warning', position: one.written.start, code: 'contradiction', message });
  }
}

/** A profile needs both authentications and something to match; otherwise it is never selected. */
function checkProfiles(model: DeviceModel, report: Report): void {
  for (const one of model.ikeProfiles) {
    const missing = [
      ...(one.localAuthentication === undefined ? ['authentication local'] : []),
      ...(one.remoteAuthentications.length === 0 ? ['authentication remote'] : []),
      ...(one.remoteIdentities.length + one.certificateMaps.length === 0 ? ['match identity remote'] : []),
    ];
    if (missing.length === 0) continue;
    const message = `profile \`${one.name}\` is incomplete and never selected: it has no ${missing.join(', no ')}`;
    report({ severity: 'warning', position: one.written.start, code: 'incomplete', message });
  }
  for (const ring of model.keyrings) {
    for (const peer of ring.peers) {
      const isFound = peer.address !== undefined || peer.hostname !== undefined || peer.identities.length > 0;
      if (isFound) continue;
      const message = `peer \`${peer.name}\` has no address, hostname or identity: its key is never found`;
      const expected = 'address A.B.C.D [NETMASK]';
      report({ severity: 'warning', position: peer.written.start, code: 'incomplete', message, expected });
    }
  }
}

/** A BDI stands for a VNI only when both are of one tenant. */
function checkOverlay({ nve, bridgeDomains = [], interfaces, vrfs }: DeviceModel, report: Report): void {
  for (const { number, vnis } of bridgeDomains) {
    const bdi = interfaces.find((one) => one.name === `BDI${number}`);
    for (const { vni, vrf } of nve?.members ?? []) {
      if (bdi === undefined || !vnis.includes(vni) || bdi.vrf === vrf) continue;
      // A VRF that is not there is told by itself.
      if (!vrfs.some(({ name }) => name === vrf)) continue;
      const where = bdi.vrf === '' ? 'the global table' : `VRF ${bdi.vrf}`;
      const message = `${bdi.name} is in ${where} and VNI ${vni} of its bridge domain in VRF ${vrf}: what is set on it does not hold for the VNI`;
      const suggestion = `vrf forwarding ${vrf}`;
      report({
        severity: 'warning',
        position: placeOf(bdi.written, 'vrf'),
        code: 'contradiction',
        message,
        suggestion,
      });
    }
  }
}

function checkReferences(model: DeviceModel, report: Report): void {
  const named = <T extends Readonly<{ name: string }>>(list: readonly T[], ...built: string[]): Set<string> =>
    new Set([...list.map((one) => one.name), ...built]);
  const known = {
    VRF: named(model.vrfs),
    interface: named(model.interfaces),
    'IKEv2 proposal': named(model.ikeProposals, DEFAULT),
    keyring: named(model.keyrings),
    'IKEv2 profile': named(model.ikeProfiles),
    'authorization policy': named(model.authorizationPolicies, DEFAULT),
    'transform set': named(model.espProposals, DEFAULT),
    'IPsec profile': named(model.ipsecProfiles, DEFAULT),
    'access list': named(model.accessLists),
    'virtual template': named(model.interfaces),
    'prefix list': named(model.prefixLists),
    'route map': named(model.routeMaps),
    'AS path list': new Set(model.asPathLists.map((one) => String(one.number))),
    'community list': named(model.communityLists),
    'peer group': named(model.bgp?.peerGroups ?? []),
    'certificate map': named(model.certificateMaps ?? []),
    trustpoint: named(model.trustpoints ?? []),
    'crypto map': named(model.cryptoMaps ?? []),
  } as const;
  const isExcerpt = !model.interfaces.some((one) => one.kind === 'ethernet');
  const need = (kind: keyof typeof known, wanted: string | undefined, position: Position): void => {
    const names = known[kind];
    if (wanted === undefined || names.has(wanted)) return;
    const lower = wanted.toLowerCase();
    const near = [...names].find((one) => editDistance(one.toLowerCase(), lower, 2) <= 2);
    // With a single one of its kind there is nothing else that can have been meant.
    const suggestion = near ?? (names.size === 1 && kind !== 'interface' ? [...names][0] : undefined);
    const message = `${kind} \`${wanted}\` is not defined`;
    report({
      // An excerpt without any port names interfaces that stand elsewhere: worth saying, not worth a warning.
      severity: kind === 'interface' && isExcerpt ? 'note' : 'warning',
      position,
      code: kind === 'interface' ? 'undefined-interface' : 'undefined-reference',
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  };
  const needVrf = (match: FrontVrfMatch | undefined, position: Position): void => {
    if (match?.kind === 'vrf' && match.vrf !== '') need('VRF', match.vrf, position);
  };
  for (const one of model.interfaces) {
    const at = (attribute: string): Position => placeOf(one.written, attribute);
    if (one.vrf !== '') need('VRF', one.vrf, at('vrf'));
    need('interface', one.unnumbered[4], at('unnumbered'));
    need('interface', one.unnumbered[6], at('unnumbered6'));
    need('crypto map', one.cryptoMap, at('cryptoMap'));
    const { tunnel } = one;
    need('interface', tunnel?.sourceInterface, at('source'));
    need('VRF', tunnel?.frontVrf, at('frontVrf'));
    need('IPsec profile', tunnel?.profile, at('profile'));
    need('IKEv2 profile', tunnel?.ikeProfile, at('profile'));
    need('access list', tunnel?.policyAccessList, at('policyAccessList'));
  }
  for (const one of model.ikeSelections) {
    needVrf(one.frontVrf, placeOf(one.written, 'frontVrf'));
    for (const wanted of one.proposals) need('IKEv2 proposal', wanted, placeOf(one.written, 'proposals'));
  }
  for (const one of model.ikeProfiles) {
    const at = (attribute: string): Position => placeOf(one.written, attribute);
    needVrf(one.frontVrf, at('frontVrf'));
    need('keyring', one.keyring, at('keyring'));
    need('VRF', one.innerVrf, at('innerVrf'));
    for (const wanted of one.certificateMaps) need('certificate map', wanted, at('certificateMaps'));
    for (const { name: wanted } of one.trustpoints) need('trustpoint', wanted, at('trustpoints'));
    need('authorization policy', one.authorization?.policy, at('authorization'));
    const template = one.virtualTemplate === undefined ? undefined : `Virtual-Template${one.virtualTemplate}`;
    need('virtual template', template, at('virtualTemplate'));
    for (const local of one.localAddresses)
      if ('interface' in local) need('interface', local.interface, at('localAddresses'));
  }
  for (const one of model.ipsecProfiles) {
    for (const wanted of one.proposals) need('transform set', wanted, placeOf(one.written, 'proposals'));
    need('IKEv2 profile', one.ikeProfile, placeOf(one.written, 'ikeProfile'));
  }
  for (const one of model.cryptoMaps ?? []) {
    need('access list', one.accessList, placeOf(one.written, 'accessList'));
    need('IKEv2 profile', one.ikeProfile, placeOf(one.written, 'ikeProfile'));
    for (const wanted of one.proposals) need('transform set', wanted, placeOf(one.written, 'proposals'));
  }
  for (const one of model.certificateChains ?? []) need('trustpoint', one.trustpoint, one.written.start);
  checkRouting(model, need);
  for (const one of model.authorizationPolicies)
    for (const wanted of one.routeSetInterfaces)
      if (wanted !== '') need('interface', wanted, placeOf(one.written, 'routeSetInterface'));
  for (const one of model.logging.hosts) if (one.written !== undefined) need('VRF', one.vrf, one.written.start);
  for (const one of model.authorizationPolicies)
    for (const list of one.routeSetAccessLists)
      need('access list', list.name, placeOf(one.written, 'routeSetAccessLists'));
}

function placeOf(written: Written, attribute: string): Position {
  return written.attributes[attribute] ?? written.start;
}
