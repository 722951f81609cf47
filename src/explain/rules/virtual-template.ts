/** The hub's end: the tunnel-group names no virtual template, or one that is not there. */
import { failuresSeen } from '../failure.ts';
import { insertAfter, lineOf, placeOf, replaceLine } from '../places.ts';
import type { Finding, TunnelEnd, TunnelRule } from '../tunnel-case.ts';

export const virtualTemplate: TunnelRule = ({ near }) => lackOf(near);

export const farVirtualTemplate: TunnelRule = (one) => {
  const { far, near } = one;
  const found = far === undefined ? undefined : lackOf(far);
  if (found === undefined) return undefined;
  const asks = near.tunnel?.kind === 'tunnel' ? [lineOf(near.device, near.tunnel.written, 'destination')] : [];
  return { ...found, evidence: failuresSeen(one), lines: [...asks, ...(found.lines ?? [])] };
};

function lackOf({ device, tunnel, group, index }: TunnelEnd): Finding | undefined {
  if (tunnel !== undefined || group === undefined) return undefined;
  const { interfaces } = device.model;
  const template = interfaces.find(({ kind }) => kind === 'virtual-template');
  const number = template?.name.replace(/^\D+/, '');
  const key = placeOf(group.written, group.written.attributes['remoteKey'] === undefined ? 'localKey' : 'remoteKey');
  if (group.virtualTemplate === undefined) {
    return {
      code: 'virtual-template-missing',
      claim: `tunnel-group ${group.name} of ${device.name} names no virtual-template, so its peers get no tunnel`,
      lines: [lineOf(device, group.written)],
      edits:
        number === undefined
          ? []
          : [insertAfter(device, key, { text: ` virtual-template ${number}`, why: `${template?.name} is there` })],
    };
  }
  const name = `Virtual-Template${group.virtualTemplate}`;
  if (index.interface(name) !== undefined) return undefined;
  const place = placeOf(group.written, 'virtualTemplate');
  return {
    code: 'virtual-template-undefined',
    claim: `tunnel-group ${group.name} of ${device.name} names ${name}, which is not configured`,
    lines: [lineOf(device, group.written, 'virtualTemplate')],
    edits:
      number === undefined
        ? []
        : [replaceLine(device, place, { text: `virtual-template ${number}`, why: `${template?.name} is there` })],
  };
}
