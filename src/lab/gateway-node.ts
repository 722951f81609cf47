import type { IpAddress, Random } from '../base/index.ts';
import type { DeviceModel } from '../config/model.ts';
import {
  type Credentials,
  Device,
  type FormatSyslog,
  type GatewayLogEvent,
  type PeerSettings,
} from '../gateway/index.ts';
import { SoftwarePlane } from '../plane/index.ts';
import type { DecryptionTables } from './decryption-tables.ts';
import type { MakeDevice } from './lab.ts';
import type { LabNode, Outlet } from './node.ts';
import { LAB_EPOCH_MS } from './pcapng.ts';

export type GatewayNodeOptions = Readonly<{
  model: DeviceModel;
  outlet: Outlet;
  random: Random;
  /** Private keys, certificates and revocation lists. */
  credentials?: Credentials;
  peerSettings?: readonly PeerSettings[];
  /** Is given the keys of every SA. */
  keys?: DecryptionTables;
  onLog?: (name: string, event: GatewayLogEvent) => void;
  /** Draws what goes to log hosts; absent: they are told nothing. */
  syslog?: FormatSyslog;
}>;

/** A gateway in the lab: a device with a software plane, and virtual links for interfaces. */
export class GatewayNode extends Device implements LabNode {
  constructor(
    name: string,
    { model, credentials, peerSettings, outlet, random, keys, onLog, syslog }: GatewayNodeOptions,
  ) {
    super({
      name,
      model,
      random,
      plane: (sink, drawn) => new SoftwarePlane({ sink, random: drawn }),
      sink: { transmit: (port, nextHop, packet) => outlet.transmit(port, nextHop, packet) },
      wallClock: (now) => LAB_EPOCH_MS + now,
      changed: () => outlet.changed(),
      ...(credentials === undefined ? {} : { credentials }),
      ...(peerSettings === undefined ? {} : { peerSettings }),
      ...(syslog === undefined ? {} : { syslog }),
      ...(onLog === undefined ? {} : { onLog: (event) => onLog(name, event) }),
      ...(keys === undefined
        ? {}
        : {
            exportKeys: (ike) => keys.addIkeSa(ike),
            ordered: (command) => {
              if (command.kind === 'install-child-sa') keys.addChildSa(command.sa);
            },
          }),
    });
  }

  /** What ARP would answer for. */
  owns(port: string, address: IpAddress): boolean {
    const known = this.interfaces.get(port);
    return known?.up === true && known.addresses.some((own) => own.address.equals(address));
  }
}

/** Makes the devices of a lab as gateways that run their configuration, given as models by node name. */
export function gatewayDevices(
  models: ReadonlyMap<string, DeviceModel>,
  options: Pick<GatewayNodeOptions, 'keys' | 'onLog' | 'syslog' | 'peerSettings'> = {},
): MakeDevice {
  return (node, spec, outlet, random) => {
    const model = models.get(node.name);
    if (model === undefined) throw new Error(`there is no model of device ${node.name}`);
    const credentials =
      'credentials' in spec && spec.credentials !== undefined ? { credentials: spec.credentials } : {};
    return new GatewayNode(node.name, { ...options, ...credentials, model, outlet, random });
  };
}
