/** `tunnel source`, `tunnel destination` and `tunnel mode`: missing, contradicting one another, or leading to nobody. */
import type { IpAddress } from '../../base/index.ts';
import { IpAddress as Address } from '../../base/index.ts';
import { greFamily } from '../../gateway/index.ts';
import type { DeviceEvidence } from '../evidence.ts';
import { deleteLine, insertAfter, lineOf, placeOf, replaceLine, sectionEnd, setAttribute } from '../places.ts';
import type { Finding, TunnelCase, TunnelRule } from '../tunnel-case.ts';

export const tunnelSource: TunnelRule = ({ near }) => {
  const { device, index, tunnel, source, address } = near;
  if (tunnel?.kind !== 'tunnel') return undefined;
  const { sourceInterface, sourceAddress, destination } = tunnel.tunnel ?? {};
  const { written } = tunnel;
  const family = destination?.family ?? 4;
  const usable = device.model.ikeEnabled
    .map((one) => index.interface(one.interface))
    .find((one) => one !== undefined && index.sourceAddress(one, family) !== undefined);
  const text = `tunnel source interface ${usable?.alias ?? ''}`;
  const why = 'IKEv2 is enabled there';
  if (sourceInterface === undefined && sourceAddress === undefined) {
    return {
      code: 'tunnel-source-missing',
      claim: `${tunnel.name} has no tunnel source`,
      lines: [lineOf(device, written)],
      edits:
        usable === undefined ? [] : [insertAfter(device, sectionEnd(device, written.start), { text: ` ${text}`, why })],
    };
  }
  if (sourceInterface !== undefined && source === undefined) {
    return {
      code: 'tunnel-source-undefined',
      claim: `${tunnel.name} wants to leave by ${sourceInterface}, and no interface has that name`,
      lines: [lineOf(device, written, 'source')],
      edits: usable === undefined ? [] : [setAttribute(device, written, 'source', { text, why })],
    };
  }
  if (address !== undefined) return undefined;
  return {
    code: 'tunnel-source-address',
    claim: `${sourceInterface ?? 'the source'} of ${tunnel.name} has no IPv${family} address to leave from`,
    lines: [lineOf(device, written, 'source'), ...(source === undefined ? [] : [lineOf(device, source.written)])],
    edits: usable === undefined ? [] : [setAttribute(device, written, 'source', { text, why })],
  };
};

export const tunnelMode: TunnelRule = ({ near }) => {
  const { device, tunnel } = near;
  const { destination, mode: ipsec } = tunnel?.tunnel ?? {};
  const mode = ipsec ?? (tunnel && greFamily(tunnel, device.model.dialect));
  if (tunnel?.kind !== 'tunnel' || destination === undefined || destination.family === mode) return undefined;
  const { written } = tunnel;
  const six = destination.family === 6 ? 'v6' : '';
  const text =
    ipsec === undefined && mode !== undefined
      ? `tunnel mode gre ip${six}`
      : `tunnel mode ipsec ipv${destination.family}`;
  const why = `the destination ${destination} is IPv${destination.family}`;
  if (mode === undefined) {
    return {
      code: 'tunnel-mode-missing',
      claim: `${tunnel.name} has no tunnel mode`,
      lines: [lineOf(device, written)],
      edits: [insertAfter(device, sectionEnd(device, written.start), { text: ` ${text}`, why })],
    };
  }
  return {
    code: 'tunnel-family-mismatch',
    claim: `the mode of ${tunnel.name} is IPv${mode} and its destination IPv${destination.family}`,
    lines: [lineOf(device, written, 'destination'), lineOf(device, written, 'mode')],
    edits: [setAttribute(device, written, 'mode', { text, why })],
  };
};

export const tunnelDestination: TunnelRule = (one) => {
  const { device, tunnel } = one.near;
  if (tunnel?.kind !== 'tunnel') return undefined;
  const destination = tunnel.tunnel?.destination;
  const { written } = tunnel;
  const wanted = wantedDestination(one);
  const text = `tunnel destination ${wanted ?? ''}`;
  const why = `a tunnel-group is there for ${wanted}, and no tunnel leads to it`;
  if (destination === undefined) {
    return {
      code: 'tunnel-destination-missing',
      claim: `${tunnel.name} has no tunnel destination`,
      lines: [lineOf(device, written)],
      edits:
        wanted === undefined ? [] : [insertAfter(device, sectionEnd(device, written.start), { text: ` ${text}`, why })],
    };
  }
  const own = device.model.interfaces.find(({ addresses }) =>
    addresses.some((mine) => mine.address.equals(destination)),
  );
  if (own !== undefined) {
    return {
      code: 'tunnel-destination-own',
      claim: `the destination of ${tunnel.name}, ${destination}, is an address of ${device.name} itself`,
      lines: [lineOf(device, written, 'destination'), lineOf(device, own.written, 'addresses')],
      edits: wanted === undefined ? [] : [setAttribute(device, written, 'destination', { text, why })],
    };
  }
  return one.far === undefined && one.fabric.size > 1 ? nobodyThere(one, destination, wanted) : undefined;
};

/** With all other devices known, a destination that none of them has. */
function nobodyThere(one: TunnelCase, destination: IpAddress, wanted: IpAddress | undefined): Finding | undefined {
  const { device, tunnel } = one.near;
  if (tunnel === undefined) return undefined;
  const group = device.model.tunnelGroups.find(({ name }) => name === wanted?.toString());
  const there = wanted === undefined ? undefined : ownerLine(one, wanted);
  return {
    layer: 'reachability',
    code: 'tunnel-destination-unknown',
    claim: `no device has the address ${destination} that ${tunnel.name} leads to`,
    lines: [lineOf(device, tunnel.written, 'destination'), ...(there === undefined ? [] : [there])],
    edits:
      wanted === undefined || group === undefined
        ? []
        : [
            setAttribute(device, tunnel.written, 'destination', {
              text: `tunnel destination ${wanted}`,
              why: `the tunnel-group of ${wanted} has no tunnel`,
            }),
          ],
  };
}

function ownerLine({ fabric }: TunnelCase, wanted: IpAddress) {
  for (const device of fabric.values()) {
    const one = ownInterface(device, wanted);
    if (one !== undefined) return lineOf(device, one.written, 'addresses');
  }
  return undefined;
}

function ownInterface({ model }: DeviceEvidence, address: IpAddress) {
  return model.interfaces.find(({ addresses }) => addresses.some((own) => own.address.equals(address)));
}

/** The address of a tunnel-group that no other tunnel leads to and, where devices are known, that one has. */
function wantedDestination({ near, fabric }: Pick<TunnelCase, 'near' | 'fabric'>): IpAddress | undefined {
  const { model } = near.device;
  const taken = new Set(model.interfaces.map(({ tunnel }) => tunnel?.destination?.toString()));
  const free = model.tunnelGroups
    .filter(({ name }) => !taken.has(name))
    .flatMap(({ name }) => Address.parse(name) ?? []);
  const others = [...fabric.values()].filter((device) => device !== near.device);
  return free.find((address) => others.some((device) => ownInterface(device, address) !== undefined)) ?? free[0];
}

/** Two tunnels between the same addresses could not be told apart. */
export const twinTunnels: TunnelRule = ({ near, fabric }) => {
  const { device, index, tunnel, address } = near;
  const destination = tunnel?.tunnel?.destination;
  if (tunnel?.kind !== 'tunnel' || destination === undefined || address === undefined) return undefined;
  for (const other of device.model.interfaces) {
    if (other === tunnel) return undefined;
    const { sourceInterface, sourceAddress, destination: theirs } = other.tunnel ?? {};
    if (other.kind !== 'tunnel' || other.shutdown || theirs?.equals(destination) !== true) continue;
    const source = sourceInterface === undefined ? undefined : index.interface(sourceInterface);
    const from = sourceAddress ?? (source === undefined ? undefined : index.sourceAddress(source, destination.family));
    if (from?.equals(address) !== true) continue;
    const wanted = wantedDestination({ near, fabric });
    return {
      code: 'tunnel-twin',
      claim: `${tunnel.name} has the same source and destination as ${other.name}, so their packets look the same`,
      lines: [lineOf(device, other.written, 'destination'), lineOf(device, tunnel.written, 'destination')],
      edits:
        wanted === undefined
          ? [deleteLine(device, placeOf(tunnel.written, 'destination'), 'leaves one tunnel of the two')]
          : [
              replaceLine(device, placeOf(tunnel.written, 'destination'), {
                text: `tunnel destination ${wanted}`,
                why: `the tunnel-group of ${wanted} has no tunnel`,
              }),
            ],
    };
  }
  return undefined;
};
