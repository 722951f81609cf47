/** How a tunnel-group has us prove who we are, and what it accepts of the peer. */
import type { DeviceModel, IpsecProfileModel, TunnelGroupModel } from '../config/index.ts';
import type { CertificateTrust, IkePeer, LocalSignature } from '../ike/index.ts';
import type { Trustpoints } from './trustpoints.ts';

type Authentication = Pick<IkePeer, 'localKey' | 'remoteKey' | 'localSignature' | 'trust'>;

/** Keys and certificates of a group; or the first thing it lacks. Both directions are needed, and may differ. */
export function peerAuthentication(
  group: TunnelGroupModel,
  trustpoints: Trustpoints,
  { model, profile }: Readonly<{ model: DeviceModel; profile: IpsecProfileModel | undefined }>,
): Authentication | string {
  const { name, localKey, remoteKey, remoteCertificate } = group;
  const signature = localSignature(group, trustpoints, profile, model);
  if (typeof signature === 'string') return signature;
  if (signature === undefined && localKey === undefined) {
    return `tunnel-group ${name} has no ikev2 local-authentication pre-shared-key or certificate`;
  }
  const anchors = remoteCertificate === true ? trustpoints.anchors() : [];
  if (remoteKey === undefined && remoteCertificate !== true) {
    return `tunnel-group ${name} has no ikev2 remote-authentication pre-shared-key or certificate`;
  }
  if (remoteKey === undefined && anchors.length === 0) {
    return `tunnel-group ${name} wants a certificate of the peer, but no trustpoint has one of an authority`;
  }
  const identity = ({ required: 'required', certificate: 'if-present', none: 'any' } as const)[group.validateIdentity];
  const trust: CertificateTrust = { anchors, permitWeak: model.permitWeakCrypto === true, identity };
  return {
    ...(signature === undefined ? {} : { localSignature: signature }),
    ...(localKey === undefined ? {} : { localKey }),
    ...(remoteKey === undefined ? {} : { remoteKey }),
    ...(anchors.length === 0 ? {} : { trust }),
  };
}

/** The certificate that we prove: the group's, or the profile's where the group has nothing of its own. */
function localSignature(
  { localKey, localTrustpoint, sendChain, rsaSigHash }: TunnelGroupModel,
  trustpoints: Trustpoints,
  profile: IpsecProfileModel | undefined,
  { ikeIdentity }: DeviceModel,
): LocalSignature | string | undefined {
  const ofProfile = localTrustpoint === undefined && localKey === undefined ? profile?.trustpoint : undefined;
  const name = localTrustpoint ?? ofProfile?.name;
  if (name === undefined) return undefined;
  const credential = trustpoints.credential(name);
  if (typeof credential === 'string') return credential;
  const chain = sendChain === true || profile?.trustpoint?.chain === true;
  const byAddress = ikeIdentity.kind === 'address' ? { identity: 'address' as const } : {};
  return { credential, sendChain: chain, ...byAddress, ...(rsaSigHash === undefined ? {} : { rsaHash: rsaSigHash }) };
}
