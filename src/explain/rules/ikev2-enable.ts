/** `crypto ikev2 enable` is missing on the interface that the outer packets use. */
import { findLine, insertAfter, lineOf, sectionEnd } from '../places.ts';
import type { Finding, TunnelCase, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const ikev2Enable: TunnelRule = (one) => {
  if (isEnabled(one.near)) return undefined;
  return missingAt(one.near);
};

/** At the far end: requests come and are not even looked at. */
export const farIkev2Enable: TunnelRule = (one) => {
  const { far } = one;
  if (far === undefined || isEnabled(far)) return undefined;
  return {
    ...missingAt(far),
    evidence: evidence(one, far),
    lines: [...tunnelLine(one), ...(missingAt(far).lines ?? [])],
  };
};

function isEnabled({ device, index, source }: TunnelEnd): boolean {
  return source === undefined || device.model.ikeEnabled.some((one) => index.interface(one.interface) === source);
}

function missingAt({ device, source, tunnel }: TunnelEnd): Finding {
  const name = source?.alias ?? source?.name ?? '';
  const other = device.model.ikeEnabled[0];
  // A line that enables another name is the one to correct when nothing answers to that name.
  const wrong = device.model.ikeEnabled.find(({ interface: one }) =>
    device.model.interfaces.every(({ alias, name: hardware }) => one !== alias && one !== hardware),
  );
  const needs = tunnel?.kind === 'tunnel' ? lineOf(device, tunnel.written, 'source') : undefined;
  const outer = source === undefined ? [] : [lineOf(device, source.written, 'alias')];
  const after =
    other?.written.start ??
    findLine(device, /^tunnel-group /) ??
    (source === undefined
      ? { file: device.configuration.file, line: 0, column: 1 }
      : sectionEnd(device, source.written.start));
  const before = other === undefined && findLine(device, /^tunnel-group /) !== undefined;
  const edit = insertAfter(device, before ? { ...after, line: after.line - 1 } : after, {
    text: `crypto ikev2 enable ${name}`,
    why: `answers and starts IKEv2 on ${name}`,
  });
  return {
    code: 'ikev2-not-enabled',
    claim: `IKEv2 is not enabled on ${name} of ${device.name} (crypto ikev2 enable)`,
    lines: wrong === undefined ? (needs === undefined ? outer : [needs]) : [lineOf(device, wrong.written)],
    edits: [edit],
  };
}

function tunnelLine({ near }: TunnelCase) {
  return near.tunnel?.kind === 'tunnel' ? [lineOf(near.device, near.tunnel.written, 'destination')] : [];
}

function evidence({ near }: TunnelCase, far: TunnelEnd): string[] {
  const sent = near.device.snapshot?.ike.counters['request-ike-sa-init-sent'];
  const unheard = far.device.snapshot?.ike.counters['unknown-address'];
  return [
    ...(sent === undefined ? [] : [`${near.device.name} began ${sent} times to send IKE_SA_INIT`]),
    ...(unheard === undefined ? [] : [`${far.device.name} ignored ${unheard} IKE messages to addresses without IKEv2`]),
  ];
}
