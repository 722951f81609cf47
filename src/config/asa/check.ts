/** What a configuration says against itself, and what it names that does not exist. Runs when all lines are read. */
import { fromHex, Prefix } from '../../base/index.ts';
import { readCertificate } from '../../crypto/index.ts';
import type { Draft } from '../draft.ts';
import { editDistance } from '../edit-distance.ts';
import { isPhysical } from '../interface-name.ts';
import type { DeviceModel, Diagnostic, InterfaceModel, Position, Written } from '../model.ts';
import { checkTransit } from './check-transit.ts';
import { BUILT_IN_GROUPS, DEFAULT_GROUP_POLICY } from './defaults.ts';
import { checkAlgorithms } from './grammar/ike.ts';
import { isInUse } from './grammar/interfaces.ts';

type Report = (diagnostic: Diagnostic) => void;

/** Settles what depends on several lines, and reports contradictions and dangling references. */
export function checkModel(model: Draft<DeviceModel>, isSaved: boolean, report: Report): void {
  settleShutdown(model, isSaved, report);
  settleAlgorithms(model, report);
  checkInterfaces(model, report);
  checkOverlaps(model, report);
  checkSameSecurity(model, report);
  checkReferences(model, report);
  checkTransit(model, report);
  checkCertificates(model, report);
}

/**
 * A saved configuration shows no `no shutdown`: an interface in use without either word is up. In any other text that
 * is what people mean, but a box would keep it down, so it is said.
 */
function settleShutdown(model: Draft<DeviceModel>, isSaved: boolean, report: Report): void {
  for (const one of model.interfaces) {
    if (!isPhysical(one.name) || one.written.attributes['shutdown'] !== undefined || !isInUse(one)) continue;
    one.shutdown = false;
    if (isSaved) continue;
    const message = `${one.name} is taken as up; a device keeps a new interface down until \`no shutdown\``;
    report({ severity: 'note', position: one.written.start, code: 'assumed-up', message, suggestion: 'no shutdown' });
  }
}

function settleAlgorithms(model: Draft<DeviceModel>, report: Report): void {
  for (const one of [...model.ikePolicies, ...model.espProposals]) {
    const position = placeOf(one.written, 'integrity');
    const verdict = checkAlgorithms(one, one.written.attributes['integrity'] !== undefined);
    if (verdict === 'ignored') {
      const message = 'AES-GCM brings its own integrity: this list is ignored';
      report({ severity: 'warning', position, code: 'ignored', message, expected: 'integrity null' });
    }
    if (verdict === 'no-integrity') {
      const message = 'null integrity is only for AES-GCM: the other ciphers would go unprotected';
      report({ severity: 'error', position, code: 'contradiction', message, expected: 'an integrity algorithm' });
    }
  }
}

function checkInterfaces(model: DeviceModel, report: Report): void {
  const byAlias = new Map<string, InterfaceModel>();
  for (const one of model.interfaces) {
    if (one.alias === undefined) continue;
    const other = byAlias.get(one.alias);
    if (other !== undefined) {
      const message = `nameif \`${one.alias}\` belongs to ${other.name} already`;
      report({ severity: 'error', position: placeOf(one.written, 'alias'), code: 'duplicate-nameif', message });
    } else byAlias.set(one.alias, one);
  }
  for (const one of model.interfaces) checkTunnel(one, model, byAlias, report);
}

function checkTunnel(
  one: InterfaceModel,
  model: DeviceModel,
  byAlias: ReadonlyMap<string, InterfaceModel>,
  report: Report,
): void {
  const contradiction = (attribute: string, message: string): void =>
    report({ severity: 'error', position: placeOf(one.written, attribute), code: 'contradiction', message });
  for (const [family, lender] of Object.entries(one.unnumbered)) {
    if (lender === one.alias)
      contradiction(family === '4' ? 'unnumbered' : 'unnumbered6', 'an interface cannot borrow its own address');
  }
  const { tunnel } = one;
  if (tunnel === undefined) return;
  if (tunnel.sourceInterface !== undefined && tunnel.sourceInterface === one.alias)
    contradiction('source', 'a tunnel cannot be its own source');
  if (tunnel.destination !== undefined && tunnel.mode !== undefined && tunnel.destination.family !== tunnel.mode)
    contradiction('mode', `the destination is IPv${tunnel.destination.family}, the mode says ipsec ipv${tunnel.mode}`);
  if (tunnel.sourceAddress !== undefined && tunnel.mode !== undefined && tunnel.sourceAddress.family !== tunnel.mode)
    contradiction('source', `the source is IPv${tunnel.sourceAddress.family}, the mode says ipsec ipv${tunnel.mode}`);
  const isOwn = model.interfaces.some((other) =>
    other.addresses.some(({ address }) => tunnel.destination?.equals(address) === true),
  );
  if (isOwn) contradiction('destination', `${tunnel.destination} is an address of this device itself`);
  const source = byAlias.get(tunnel.sourceInterface ?? '');
  if (source?.tunnel !== undefined) contradiction('source', 'a tunnel cannot be the source of a tunnel');
}

type Owned = Readonly<{ prefix: Prefix; owner: InterfaceModel }>;

/** Networks of two interfaces of one virtual router must not overlap. */
function checkOverlaps(model: DeviceModel, report: Report): void {
  const owned: Owned[] = model.interfaces.flatMap((owner) =>
    owner.addresses
      .filter(({ address }) => !address.isLinkLocal)
      .map(({ address, length }) => ({ prefix: new Prefix(address, length), owner })),
  );
  const order = new Map(model.interfaces.map((one, index) => [one.name, index]));
  // Sorted, the enclosing prefixes of one are among those still open: no pair needs looking at twice.
  owned.sort((a, b) => a.prefix.compare(b.prefix));
  const open: Owned[] = [];
  for (const one of owned) {
    while (open.length > 0 && open.at(-1)?.prefix.covers(one.prefix) !== true) open.pop();
    const other = open.findLast((wider) => wider.owner.vrf === one.owner.vrf && wider.owner !== one.owner);
    open.push(one);
    if (other === undefined) continue;
    const isLater = (order.get(one.owner.name) ?? 0) > (order.get(other.owner.name) ?? 0);
    const [later, earlier] = isLater ? [one, other] : [other, one];
    report({
      severity: 'error',
      position: placeOf(later.owner.written, 'addresses'),
      code: 'overlap',
      message: `${later.prefix} overlaps with ${earlier.prefix} of ${earlier.owner.alias ?? earlier.owner.name}`,
    });
  }
}

/** Tunnels are of level 0, all of them: peers of one template do not reach one another unless a line says so. */
function checkSameSecurity({ interfaces, sameSecurityPermit }: DeviceModel, report: Report): void {
  const template = interfaces.find(({ kind, alias }) => kind === 'virtual-template' && alias !== undefined);
  const isExcerpt = !interfaces.some((one) => one.kind === 'ethernet');
  if (template === undefined || isExcerpt || sameSecurityPermit.interInterface) return;
  const message = `peers of ${template.name} do not reach one another: their tunnels are of one security level`;
  const suggestion = 'same-security-traffic permit inter-interface';
  report({ severity: 'note', position: template.written.start, code: 'same-security', message, suggestion });
}

/** Everything that is named and does not exist; the object that names it stays inactive. */
function checkReferences(model: DeviceModel, report: Report): void {
  const known = {
    interface: new Set(model.interfaces.flatMap((one) => (one.alias === undefined ? [] : [one.alias]))),
    trustpoint: new Set((model.trustpoints ?? []).map((one) => one.name)),
    'IPsec profile': new Set(model.ipsecProfiles.map((one) => one.name)),
    'IPsec proposal': new Set(model.espProposals.map((one) => one.name)),
    'access list': new Set(model.accessLists.map((one) => one.name)),
    class: new Set([...(model.trafficClasses ?? []).map((one) => one.name), 'class-default']),
    'tcp-map': new Set((model.tcpMaps ?? []).map((one) => one.name)),
    'policy-map': new Set((model.transitPolicies ?? []).map((one) => one.name)),
    'prefix list': new Set(model.prefixLists.map((one) => one.name)),
    'route map': new Set(model.routeMaps.map((one) => one.name)),
    'group policy': new Set([...model.groupPolicies.map((one) => one.name), DEFAULT_GROUP_POLICY]),
    'virtual template': new Set(model.interfaces.map((one) => one.name)),
    'AS path list': new Set(model.asPathLists.map((one) => String(one.number))),
    'community list': new Set(model.communityLists.map((one) => one.name)),
    'certificate map': new Set((model.certificateMaps ?? []).map((one) => one.name)),
    'tunnel-group': new Set([...model.tunnelGroups.map((one) => one.name), ...BUILT_IN_GROUPS.keys()]),
  } as const;
  const isExcerpt = !model.interfaces.some((one) => one.kind === 'ethernet');
  const need = (kind: keyof typeof known, wanted: string | undefined, position: Position): void => {
    const names = known[kind];
    if (wanted === undefined || names.has(wanted)) return;
    const near = [...names].find((one) => editDistance(one.toLowerCase(), wanted.toLowerCase(), 1) <= 1);
    const message =
      kind === 'interface' ? `no interface has the nameif \`${wanted}\`` : `${kind} \`${wanted}\` is not defined`;
    const code = kind === 'interface' ? 'undefined-interface' : 'undefined-reference';
    // An excerpt without any port names interfaces that stand elsewhere: worth saying, not worth a warning.
    const severity = kind === 'interface' && isExcerpt ? 'note' : 'warning';
    report({ severity, position, code, message, ...(near === undefined ? {} : { suggestion: near }) });
  };
  for (const one of model.interfaces) {
    const at = (attribute: string): Position => placeOf(one.written, attribute);
    need('interface', one.tunnel?.sourceInterface, at('source'));
    need('IPsec profile', one.tunnel?.profile, at('profile'));
    need('access list', one.tunnel?.policyAccessList, at('policyAccessList'));
    need('interface', one.unnumbered[4], at('unnumbered'));
    need('interface', one.unnumbered[6], at('unnumbered6'));
  }
  for (const one of model.ikeEnabled) need('interface', one.interface, one.written.start);
  for (const one of model.ipsecProfiles)
    for (const wanted of one.proposals) need('IPsec proposal', wanted, placeOf(one.written, 'proposals'));
  for (const one of model.ipsecProfiles) need('trustpoint', one.trustpoint?.name, placeOf(one.written, 'trustpoint'));
  for (const one of model.certificateChains ?? []) need('trustpoint', one.trustpoint, one.written.start);
  for (const one of model.tunnelGroups) {
    need('trustpoint', one.localTrustpoint, placeOf(one.written, 'localTrustpoint'));
    need('group policy', one.groupPolicy, placeOf(one.written, 'groupPolicy'));
    const template = one.virtualTemplate === undefined ? undefined : `Virtual-Template${one.virtualTemplate}`;
    need('virtual template', template, placeOf(one.written, 'virtualTemplate'));
    const wanted = BUILT_IN_GROUPS.has(one.name) ? undefined : one.groupPolicy;
    if (wanted !== undefined) checkProtocols(model, wanted, placeOf(one.written, 'groupPolicy'), report);
  }
  for (const one of model.tunnelGroupMap?.rules ?? []) {
    need('certificate map', one.map, one.written.start);
    need('tunnel-group', one.group, one.written.start);
  }
  const { tunnelGroupMap: chosen } = model;
  if (chosen !== undefined) need('tunnel-group', chosen.defaultGroup, placeOf(chosen.written, 'defaultGroup'));
  if (chosen?.usesRules === false && chosen.rules.length > 0) {
    const message = 'these rules choose no tunnel-group until they are enabled';
    const suggestion = 'tunnel-group-map enable rules';
    const [first] = chosen.rules;
    if (first !== undefined)
      report({ severity: 'warning', position: first.written.start, code: 'not-enabled', message, suggestion });
  }
  for (const one of model.staticRoutes)
    if (one.interface !== 'Null0') need('interface', one.interface, one.written.start);
  for (const one of model.accessGroups ?? []) {
    need('access list', one.accessList, one.written.start);
    need('interface', one.interface, one.written.start);
  }
  for (const one of model.trafficClasses ?? [])
    for (const match of one.matches)
      if (match.kind === 'access-list') need('access list', match.accessList, placeOf(one.written, 'matches'));
  for (const part of (model.transitPolicies ?? []).flatMap((one) => one.classes)) {
    need('class', part.trafficClass, part.written.start);
    need('tcp-map', part.tcpMap, placeOf(part.written, 'tcpMap'));
  }
  for (const one of model.servicePolicies ?? []) {
    need('policy-map', one.policy, one.written.start);
    need('interface', one.interface, one.written.start);
  }
  for (const map of model.routeMaps) {
    for (const clause of map.clauses) {
      const at = (attribute: string): Position => placeOf(clause.written, attribute);
      for (const wanted of clause.matchPrefixLists) need('prefix list', wanted, at('matchPrefixLists'));
      for (const wanted of clause.matchNextHopPrefixLists) need('prefix list', wanted, at('matchNextHopPrefixLists'));
      for (const wanted of clause.matchAccessLists) need('access list', wanted, at('matchAccessLists'));
      for (const wanted of clause.matchAsPathLists) need('AS path list', String(wanted), at('matchAsPathLists'));
      for (const wanted of clause.matchCommunityLists) need('community list', wanted, at('matchCommunityLists'));
    }
  }
  checkBgp(model, need);
}

function checkBgp(
  model: DeviceModel,
  need: (kind: 'interface' | 'prefix list' | 'route map', wanted: string | undefined, position: Position) => void,
): void {
  for (const one of model.bgp?.neighbors ?? []) {
    const at = (attribute: string): Position => placeOf(one.written, attribute);
    need('interface', one.updateSource, at('updateSource'));
    for (const which of [4, 6] as const) {
      const part = one.families[which];
      need('prefix list', part?.prefixListIn, at(`ipv${which} prefix-list in`));
      need('prefix list', part?.prefixListOut, at(`ipv${which} prefix-list out`));
      need('route map', part?.routeMapIn, at(`ipv${which} route-map in`));
      need('route map', part?.routeMapOut, at(`ipv${which} route-map out`));
    }
  }
  for (const family of Object.values(model.bgp?.families ?? {}))
    for (const one of [...family.networks, ...family.redistribute]) need('route map', one.routeMap, one.written.start);
}

/** A peer whose group policy leaves IKEv2 out is refused. */
function checkProtocols(model: DeviceModel, wanted: string, position: Position, report: Report): void {
  const protocols = model.groupPolicies.find((one) => one.name === wanted)?.tunnelProtocols;
  if (protocols === undefined || protocols.includes('ikev2')) return;
  const message = `group policy \`${wanted}\` does not allow ikev2: its peers are refused`;
  report({ severity: 'warning', position, code: 'ikev2-not-allowed', message });
}

function placeOf(written: Written, attribute: string): Position {
  return written.attributes[attribute] ?? written.start;
}

/** A certificate that can not be read is as if it were not there. */
function checkCertificates(model: DeviceModel, report: Report): void {
  for (const { certificates } of model.certificateChains ?? []) {
    for (const { hex, written } of certificates) {
      const der = fromHex(hex);
      const read = der === undefined ? undefined : readCertificate(der);
      if (read?.ok === true) continue;
      const why = read === undefined ? 'a digit is missing' : read.error.detail;
      const message = `this certificate can not be used: ${why}`;
      report({ severity: 'warning', position: written.start, code: 'malformed-certificate', message });
    }
  }
}
