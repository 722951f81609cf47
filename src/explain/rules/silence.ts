/** Both configurations agree and yet requests are not answered: something on the way drops UDP 500 or 4500. */
import { type Failure, failuresSeen, nearFailure, remoteAddress } from '../failure.ts';
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
  const inAuth = waits ? !NO_SPI.test(began.remoteSpi) : failedOn(failure) === NAT_PORT;
  return blocked(one, waits ? began.path.local.port : (failedOn(failure) ?? IKE_PORT), inAuth);
};

const IKE_PORT = 500;
const NAT_PORT = 4500;

/** The port that a failed attempt had come to. */
function failedOn(failure: Failure | undefined): number | undefined {
  const details = failure?.event.details;
  return details?.kind === 'ike' ? details.local.port : undefined;
}

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
  const layer = inAuth ? 'ike-auth' : 'ike-sa-init';
  const claim = `${exchange} of ${from?.device.name ?? 'the other side'} to ${to?.address ?? remote ?? 'it'} on UDP ${port} is not answered`;
  if (far === undefined) {
    return {
      layer,
      code: 'no-answer',
      claim,
      evidence,
      missing: `crypto ikev2 enable on its outer interface, a route back, and a way that lets UDP 500 and 4500 pass`,
    };
  }
  return {
    layer,
    code: `udp-${port}-blocked`,
    claim: `${claim}, though the two configurations agree: something on the way drops UDP ${port}`,
    evidence,
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
