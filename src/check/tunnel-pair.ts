/** The two ends of a tunnel side by side, in the words of the model: the same for every pair of dialects. */
import type { IpAddress, SecretKey } from '../base/index.ts';
import type {
  EspProposalModel,
  IkeProfileModel,
  InterfaceModel,
  IpsecProfileModel,
  Position,
  Written,
} from '../config/index.ts';
import type { DeviceView } from './device-view.ts';
import type { FabricView } from './fabric-view.ts';
import { authenticationOf, type KeyInUse, type Suites, suitesOf } from './pair-parts.ts';

export type TunnelEnd = Readonly<{
  device: DeviceView;
  /** The tunnel, or the virtual template that serves the other end. */
  tunnel: InterfaceModel;
  source?: InterfaceModel;
  address?: IpAddress;
  profile?: IpsecProfileModel;
  esp: readonly EspProposalModel[];
  suites: Suites;
  ikeProfile?: IkeProfileModel;
  localKey?: KeyInUse;
  remoteKey?: KeyInUse;
  /** What it calls itself, where that is not its address. */
  identity?: string;
}>;

export type TunnelPair = Readonly<{ fabric: FabricView; near: TunnelEnd; far?: TunnelEnd; farDevice?: DeviceView }>;

/** The pair that a static tunnel makes with whatever is at its destination. */
export function tunnelPair(fabric: FabricView, device: DeviceView, tunnel: InterfaceModel): TunnelPair {
  const destination = tunnel.tunnel?.destination;
  const owner = destination === undefined ? undefined : fabric.outerOwner(destination, device);
  const near = endOf(device, tunnel, destination);
  if (owner === undefined) return { fabric, near };
  const far = farEnd(owner.device, near, destination);
  return { fabric, near, farDevice: owner.device, ...(far === undefined ? {} : { far }) };
}

function farEnd(device: DeviceView, near: TunnelEnd, local: IpAddress | undefined): TunnelEnd | undefined {
  const { address } = near;
  if (address === undefined) return undefined;
  const back = device.model.interfaces.find(
    ({ kind, tunnel }) => kind === 'tunnel' && tunnel?.destination?.equals(address) === true,
  );
  if (back !== undefined) return endOf(device, back, address);
  const template = templateFor(device, near, address);
  return template === undefined ? undefined : endOf(device, template, address, local);
}

/** The virtual template of the group or profile that admits the other end. */
function templateFor({ model, index }: DeviceView, near: TunnelEnd, address: IpAddress): InterfaceModel | undefined {
  const number =
    model.dialect === 'asa'
      ? (index.group(near.identity ?? address.toString()) ?? index.group('DefaultL2LGroup'))?.virtualTemplate
      : model.ikeProfiles.find(
          (profile) =>
            profile.virtualTemplate !== undefined &&
            profile.remoteIdentities.some(
              (rule) =>
                rule.kind === 'any' ||
                (rule.kind === 'address' && rule.prefix.contains(address)) ||
                ('name' in rule && near.identity !== undefined && near.identity.endsWith(rule.name)),
            ),
        )?.virtualTemplate;
  return number === undefined ? undefined : index.interface(`Virtual-Template${number}`);
}

function endOf(
  device: DeviceView,
  tunnel: InterfaceModel,
  remote: IpAddress | undefined,
  local?: IpAddress,
): TunnelEnd {
  const { index } = device;
  const { sourceInterface, sourceAddress, profile: name } = tunnel.tunnel ?? {};
  const source = index.interface(sourceInterface);
  const family = remote?.family ?? 4;
  const address = local ?? sourceAddress ?? (source === undefined ? undefined : index.sourceAddress(source, family));
  const profile = name === undefined ? undefined : index.profile(name);
  const authentication = authenticationOf(device, tunnel, profile, remote);
  return {
    device,
    tunnel,
    esp: profile?.proposals.flatMap((one) => index.proposal(one) ?? []) ?? [],
    suites: suitesOf(device, tunnel, address),
    ...authentication,
    ...(source === undefined ? {} : { source }),
    ...(address === undefined ? {} : { address }),
    ...(profile === undefined ? {} : { profile }),
  };
}

/** Both ways of a pair; one with its near end alone has none. */
export function bothWays({ near, far }: TunnelPair): readonly (readonly [from: TunnelEnd, to: TunnelEnd])[] {
  return far === undefined
    ? []
    : [
        [near, far],
        [far, near],
      ];
}

/** Whether the diagnosis of `explain`, which knows ASA's words, has the pair for its own. */
export function isDiagnosed({ near, farDevice }: TunnelPair): boolean {
  return near.device.model.dialect === 'asa' && (farDevice === undefined || farDevice.model.dialect === 'asa');
}

export type { KeyInUse, Position, SecretKey, Written };
