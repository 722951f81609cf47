/** The interface that outer packets leave by is down. */
import { interfaceState } from '../evidence.ts';
import { lineOf, setAttribute } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const outerInterface: TunnelRule = ({ near, far }) =>
  downAt(near) ?? (far === undefined ? undefined : downAt(far));

function downAt({ device, source }: TunnelEnd): Finding | undefined {
  if (source === undefined) return undefined;
  const { name, written, shutdown, alias } = source;
  if (shutdown) {
    const change = { text: 'no shutdown', why: `brings ${name} up` };
    return {
      code: 'outer-shutdown',
      claim: `${name} of ${device.name}, which outer packets leave by, is shut down`,
      lines: [lineOf(device, written, 'shutdown')],
      edits: [setAttribute(device, written, 'shutdown', change)],
    };
  }
  const state = interfaceState(device, name);
  if (state === undefined || state.lineProtocol || alias === undefined) return undefined;
  return {
    code: 'outer-no-carrier',
    claim: `${name} of ${device.name} has no carrier: no configuration line can help, its cable or its neighbor is down`,
    evidence: [`${device.name}: ${name} is administratively up, its line protocol is down`],
  };
}
