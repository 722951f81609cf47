/** Who an IKE SA serves on a platform with IKE profiles: its tunnel interface, and what that is configured with. */
import type { DpdModel, IkeProfileModel, InterfaceModel } from '../../config/index.ts';
import type { GatewaySnapshot, InterfaceSnapshot } from '../../gateway/index.ts';
import type { IkeSaSnapshot } from '../../ike/index.ts';

export type TunnelUser = Readonly<{
  interface?: InterfaceSnapshot;
  frontVrf: string;
  innerVrf: string;
  profile?: IkeProfileModel;
  dpd?: DpdModel;
}>;

/** Undefined: the platform has tunnel-groups instead. */
export function tunnelUser({ model, interfaces }: GatewaySnapshot, sa: IkeSaSnapshot): TunnelUser | undefined {
  if (model.dialect !== 'iosxe') return undefined;
  const owner =
    interfaces.find(({ tunnel }) => tunnel?.session === sa.session) ??
    interfaces.find(({ tunnel }) => tunnel?.peer !== undefined && tunnel.peer === sa.peer);
  const profile =
    ikeProfileOf(model, owner) ??
    model.ikeProfiles.find(({ name }) => sa.peer === name || sa.peer.endsWith(` ${name}`));
  const dpd = profile?.dpd ?? model.dpd;
  return {
    ...(owner === undefined ? {} : { interface: owner }),
    frontVrf: tunnelModel(model, owner)?.tunnel?.frontVrf ?? frontVrfOf(profile),
    innerVrf: owner?.vrf ?? profile?.innerVrf ?? '',
    ...(profile === undefined ? {} : { profile }),
    ...(dpd === undefined ? {} : { dpd }),
  };
}

/** The configuration of a tunnel interface; a clone's is that of its template. */
export function tunnelModel(
  { interfaces }: GatewaySnapshot['model'],
  of: InterfaceSnapshot | undefined,
): InterfaceModel | undefined {
  const name = of?.tunnel?.template ?? of?.name;
  return interfaces.find((one) => one.name === name);
}

/** The IKE profile of a tunnel's protection: named there, or by its IPsec profile. */
export function ikeProfileOf(
  model: GatewaySnapshot['model'],
  of: InterfaceSnapshot | undefined,
): IkeProfileModel | undefined {
  const tunnel = tunnelModel(model, of)?.tunnel;
  const named = tunnel?.ikeProfile ?? model.ipsecProfiles.find(({ name }) => name === tunnel?.profile)?.ikeProfile;
  return model.ikeProfiles.find(({ name }) => name === named);
}

function frontVrfOf(profile: IkeProfileModel | undefined): string {
  return profile?.frontVrf?.kind === 'vrf' ? profile.frontVrf.vrf : '';
}
