/** Both configurations agree and yet requests are not answered: something on the way drops UDP 500 or 4500. */
import { failuresSeen, nearFailure, remoteAddress } from '../failure.ts';
import type { Finding, TunnelCase, TunnelRule } from '../tunnel-case.ts';

const NO_SPI = /^0+$/;

export const silence: TunnelRule = (one) => {
  const { near, far } = one;
  const { snapshot } = near.device;
  if (snapshot === undefined) return undefined;
  if (far !== undefined && far.device.snapshot === undefined) return deviceOff(one);
  const began = (one.initiates ? near : far)?.ikeSa;
  const failure = nearFailure(one);
  const waits = began?.status === 'negotiating';
  if (!waits && failure?.cause.code !== 'no-response') return undefined;
  const inAuth = waits ? !NO_SPI.test(began.remoteSpi) : failure?.cause.text.includes('IKE_AUTH') === true;
  const port = inAuth && began?.path.local.port === 4500 ? 4500 : inAuth && began === undefined ? 4500 : 500;
  return blocked(one, inAuth ? 4500 : port, inAuth);
};

function blocked(one: TunnelCase, port: number, inAuth: boolean): Finding {
  const { near, far, initiates } = one;
  const from = initiates ? near : far;
  const to = initiates ? far : near;
  const remote = remoteAddress(one);
  const exchange = inAuth ? 'IKE_AUTH' : 'IKE_SA_INIT';
  const counters = near.device.snapshot?.ike.counters ?? {};
  const heard = to?.device.snapshot?.ike.counters['received'] ?? 0;
  const evidence = [
    `${near.device.name}: ${counters['sent'] ?? 0} IKE messages sent, ${counters['resent'] ?? 0} of them again, ` +
      `${counters['received'] ?? 0} received`,
    ...(to === undefined || to === near ? [] : [`${to.device.name}: ${heard} IKE messages received in all`]),
    ...failuresSeen(one),
  ];
  return {
    layer: inAuth ? 'ike-auth' : 'ike-sa-init',
    code: `udp-${port}-blocked`,
    claim:
      `${exchange} of ${from?.device.name ?? 'the other side'} to ${to?.address ?? remote ?? 'the other side'} on UDP ` +
      `${port} is not answered${far === undefined ? '' : ', though the two configurations agree'}: ` +
      `something on the way drops UDP ${port}`,
    evidence,
    ...(far === undefined
      ? { missing: `crypto ikev2 enable on its outer interface, and a way that lets UDP 500 and 4500 pass both ways` }
      : {}),
  };
}

function deviceOff({ far }: TunnelCase): Finding | undefined {
  if (far === undefined) return undefined;
  return {
    layer: 'reachability',
    code: 'peer-off',
    claim: `${far.device.name} does not run`,
    evidence: [`${far.device.name}: no snapshot`],
  };
}
