/** One device by itself: definitions that nothing uses, tunnels that can not start, and limits of platforms. */
import type { Position, Written } from '../../config/index.ts';
import type { DeviceView } from '../device-view.ts';
import type { Found, Rule } from '../rule.ts';

type Named = Readonly<{ name: string; written: Written }>;

/** Names that no line of a device uses. Nothing is said of a device that names nothing at all of the kind. */
function unused(
  what: string,
  defined: (device: DeviceView) => readonly Named[],
  used: (device: DeviceView) => ReadonlySet<string>,
) {
  return (device: DeviceView): readonly Found[] => {
    const all = defined(device);
    if (all.length === 0) return [];
    const names = used(device);
    return all
      .filter(({ name }) => !names.has(name))
      .map(({ name, written }) => ({ message: `${what} ${name} is used by nothing`, lines: [device.lineOf(written)] }));
  };
}

const set = (...names: readonly (readonly (string | undefined)[])[]): ReadonlySet<string> =>
  new Set(names.flat().filter((one) => one !== undefined));

function profilesUsed({ model }: DeviceView): ReadonlySet<string> {
  return set(model.interfaces.map(({ tunnel }) => tunnel?.profile));
}

function proposalsUsed({ model }: DeviceView): ReadonlySet<string> {
  const maps = (model.cryptoMaps ?? []).map((one) =>
    'proposals' in one && Array.isArray(one.proposals) ? one.proposals : [],
  );
  return set(
    model.ipsecProfiles.flatMap(({ proposals }) => proposals),
    maps.flat(),
  );
}

function keyringsUsed({ model }: DeviceView): ReadonlySet<string> {
  return set(model.ikeProfiles.map(({ keyring }) => keyring));
}

function ikeProfilesUsed({ model }: DeviceView): ReadonlySet<string> {
  const maps = (model.cryptoMaps ?? []).map((one) =>
    'ikeProfile' in one && typeof one.ikeProfile === 'string' ? one.ikeProfile : undefined,
  );
  return set(
    model.interfaces.map(({ tunnel }) => tunnel?.ikeProfile),
    model.ipsecProfiles.map(({ ikeProfile }) => ikeProfile),
    model.ikeProfiles.filter(({ virtualTemplate }) => virtualTemplate !== undefined).map(({ name }) => name),
    maps,
  );
}

/** A list may be named from anywhere: by a whole word in any other line. */
function namedAnywhere(device: DeviceView, names: readonly string[], opens: RegExp): ReadonlySet<string> {
  const left = new Set(names);
  const found = new Set<string>();
  for (const line of device.lines) {
    if (left.size === 0) break;
    if (opens.test(line)) continue;
    for (const word of line.split(/\s+/)) {
      if (!left.has(word)) continue;
      left.delete(word);
      found.add(word);
    }
  }
  return found;
}

const startOf = ({ entries }: Readonly<{ entries: readonly Readonly<{ written: Written }>[] }>): Written | undefined =>
  entries[0]?.written;

function lists(device: DeviceView): readonly Named[] {
  return device.model.accessLists.flatMap((one) => {
    const written = startOf(one);
    return written === undefined ? [] : [{ name: one.name, written }];
  });
}

function prefixLists(device: DeviceView): readonly Named[] {
  return device.model.prefixLists.flatMap((one) => {
    const written = startOf(one);
    return written === undefined ? [] : [{ name: one.name, written }];
  });
}

function routeMaps(device: DeviceView): readonly Named[] {
  return device.model.routeMaps.flatMap(({ name, clauses }) => {
    const written = clauses[0]?.written;
    return written === undefined ? [] : [{ name, written }];
  });
}

const anywhere = (defined: (device: DeviceView) => readonly Named[], opens: RegExp) => (device: DeviceView) =>
  namedAnywhere(
    device,
    defined(device).map(({ name }) => name),
    opens,
  );

function longNames(device: DeviceView): readonly Found[] {
  const { model } = device;
  const most = model.dialect === 'asa' ? ASA : IOSXE;
  const found: Found[] = [];
  const say = (what: string, name: string, limit: number, position: Position): void => {
    if (name.length <= limit) return;
    const message = `${what} ${name.slice(0, 20)}… has ${name.length} characters, the platform takes ${limit}`;
    found.push({ message, lines: [device.lineAt(position)] });
  };
  for (const { alias, written } of model.interfaces)
    say('nameif', alias ?? '', most.alias, written.attributes['alias'] ?? written.start);
  for (const { name, written } of model.ipsecProfiles) say('IPsec profile', name, most.profile, written.start);
  for (const { name, written } of model.tunnelGroups) say('tunnel-group', name, most.group, written.start);
  for (const holder of [...model.tunnelGroups, ...model.keyrings.flatMap(({ peers }) => peers)]) {
    for (const key of [holder.localKey, holder.remoteKey]) {
      if (key !== undefined && key.length > most.key)
        found.push({
          message: `a pre-shared key has ${key.length} characters, the platform takes ${most.key}`,
          lines: [device.lineOf(holder.written, 'localKey')],
        });
    }
  }
  return found;
}

const ASA = { alias: 48, profile: 64, group: 63, key: 128, tunnels: 1024 };
const IOSXE = { alias: 128, profile: 128, group: 128, key: 128, tunnels: 10_000 };

function tooMany(device: DeviceView): readonly Found[] {
  const { model } = device;
  const most = (model.dialect === 'asa' ? ASA : IOSXE).tunnels;
  const tunnels = model.interfaces.filter(({ kind }) => kind === 'tunnel');
  const last = tunnels[most];
  return last === undefined
    ? []
    : [
        {
          message: `${device.name} has ${tunnels.length} tunnel interfaces, the platform takes ${most}`,
          lines: [device.lineOf(last.written)],
        },
      ];
}

function timers(device: DeviceView): readonly Found[] {
  const { bgp } = device.model;
  if (bgp === undefined) return [];
  return [bgp, ...bgp.neighbors].flatMap(({ timers: own, written }) =>
    own === undefined || own.holdMs === 0 || own.holdMs >= 3 * own.keepaliveMs
      ? []
      : [
          {
            message: `a hold time of ${own.holdMs / 1000} s is less than three keepalives of ${own.keepaliveMs / 1000} s`,
            lines: [device.lineOf(written, 'timers')],
          },
        ],
  );
}

/** Below this a busy tunnel is rekeyed more often than once a second. */
const LEAST_VOLUME = 10_000_000;

function volumes(device: DeviceView): readonly Found[] {
  return device.model.ipsecProfiles.flatMap(({ name, lifetimeBytes, written }) => {
    if (typeof lifetimeBytes !== 'number' || lifetimeBytes >= LEAST_VOLUME) return [];
    const message = `child SAs of IPsec profile ${name} end after ${lifetimeBytes / 1000} kB: they are used up faster than they can be replaced`;
    return [{ message, lines: [device.lineOf(written, 'lifetimeBytes')] }];
  });
}

const SLOW_KEEPALIVE_MS = 60_000;

function natKeepalives(device: DeviceView): readonly Found[] {
  const { natKeepaliveMs } = device.model;
  if (natKeepaliveMs === undefined || natKeepaliveMs <= SLOW_KEEPALIVE_MS) return [];
  const at = device.lines.findIndex((line) => /^\s*crypto (isakmp|ikev2) nat(-traversal| keepalive)/.test(line));
  const message = `${device.name} refreshes what a NAT remembers only every ${natKeepaliveMs / 1000} s`;
  const lines = at < 0 ? [] : [device.lineAt({ file: device.source.file, line: at + 1, column: 1 })];
  return [{ message, lines }];
}

function noDpd(device: DeviceView): readonly Found[] {
  return device.model.tunnelGroups
    .filter(({ keepalive, written }) => keepalive === undefined && written.attributes['keepalive'] !== undefined)
    .map(({ name, written }) => ({
      message: `tunnel-group ${name} does not ask whether its peer lives: a dead one is noticed by nobody`,
      lines: [device.lineOf(written, 'keepalive')],
    }));
}

export const oneDeviceRules: readonly Rule[] = [
  {
    id: 'unused-ipsec-profile',
    family: 'unused',
    severity: 'note',
    claim: 'An IPsec profile protects nothing',
    explanation: 'No `tunnel protection` names it. Remove it, or name it.',
    check: { over: 'device', find: unused('IPsec profile', ({ model }) => model.ipsecProfiles, profilesUsed) },
  },
  {
    id: 'unused-ipsec-proposal',
    family: 'unused',
    severity: 'note',
    claim: 'An ipsec-proposal or transform-set is used by nothing',
    explanation: 'No IPsec profile names it.',
    check: { over: 'device', find: unused('ESP proposal', ({ model }) => model.espProposals, proposalsUsed) },
  },
  {
    id: 'unused-keyring',
    family: 'unused',
    severity: 'note',
    claim: 'A keyring is used by nothing',
    explanation: 'No IKEv2 profile names it.',
    check: { over: 'device', find: unused('keyring', ({ model }) => model.keyrings, keyringsUsed) },
  },
  {
    id: 'unused-ikev2-profile',
    family: 'unused',
    severity: 'note',
    claim: 'An IKEv2 profile is named by nothing',
    explanation:
      'Neither a tunnel nor an IPsec profile names it, and it has no virtual template. Peers may still be matched by it; then name it.',
    check: { over: 'device', find: unused('IKEv2 profile', ({ model }) => model.ikeProfiles, ikeProfilesUsed) },
  },
  {
    id: 'unused-access-list',
    family: 'unused',
    severity: 'note',
    claim: 'An access list is named by nothing',
    explanation: 'No other line has its name.',
    check: { over: 'device', find: unused('access list', lists, anywhere(lists, /^\s*(ip )?access-list /)) },
  },
  {
    id: 'unused-prefix-list',
    family: 'unused',
    severity: 'note',
    claim: 'A prefix list is named by nothing',
    explanation: 'No neighbor and no route map names it.',
    check: {
      over: 'device',
      find: unused('prefix list', prefixLists, anywhere(prefixLists, /^\s*(ip |ipv6 )?prefix-list /)),
    },
  },
  {
    id: 'unused-route-map',
    family: 'unused',
    severity: 'note',
    claim: 'A route map is named by nothing',
    explanation: 'No neighbor, network or redistribution names it.',
    check: { over: 'device', find: unused('route map', routeMaps, anywhere(routeMaps, /^route-map /)) },
  },
  {
    id: 'name-too-long',
    family: 'limits',
    severity: 'warning',
    claim: 'A name or key is longer than the platform takes',
    explanation: 'The device refuses the line or cuts the name.',
    check: { over: 'device', find: longNames },
  },
  {
    id: 'too-many-tunnels',
    family: 'limits',
    severity: 'warning',
    claim: 'A device has more tunnel interfaces than the platform takes',
    explanation: 'Use a virtual template for peers that are alike.',
    check: { over: 'device', find: tooMany },
  },
  {
    id: 'short-hold-time',
    family: 'device',
    severity: 'note',
    claim: 'A hold time is less than three keepalives',
    explanation: 'RFC 4271 section 10 suggests a third: one lost message must not end the session.',
    check: { over: 'device', find: timers },
  },
  {
    id: 'volume-expiry',
    family: 'device',
    severity: 'warning',
    claim: 'Child SAs are used up faster than they can be replaced',
    explanation: 'Raise the volume of `set security-association lifetime kilobytes`, or write `unlimited`.',
    check: { over: 'device', find: volumes },
  },
  {
    id: 'slow-nat-keepalive',
    family: 'device',
    severity: 'note',
    claim: 'NAT keepalives are further apart than many NATs remember',
    explanation: 'Many forget a UDP mapping after 30 to 60 seconds; RFC 3948 section 4 suggests 20.',
    check: { over: 'device', find: natKeepalives },
  },
  {
    id: 'no-dead-peer-detection',
    family: 'device',
    severity: 'note',
    claim: 'Dead peer detection is switched off',
    explanation: 'A peer that vanished keeps its SAs until they end, and its routes.',
    check: { over: 'device', find: noDpd },
  },
];
