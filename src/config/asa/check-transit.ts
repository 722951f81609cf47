/** What a policy for traffic in transit leaves without effect. */
import type { DeviceModel, Diagnostic, TransitPolicyModel } from '../model.ts';

type Report = (diagnostic: Diagnostic) => void;

/** TCP option of RFC 2385, which BGP's passwords live in. */
const MD5_OPTION = 19;

/** Policies that hold nowhere, maps that say nothing, and classes that no connection comes to. */
export function checkTransit(model: DeviceModel, report: Report): void {
  const { transitPolicies = [], tcpMaps = [], servicePolicies = [] } = model;
  for (const policy of transitPolicies) {
    checkOrder(model, policy, report);
    if (servicePolicies.some((one) => one.policy === policy.name)) continue;
    const message = `policy-map ${policy.name} holds nowhere: no service-policy names it`;
    const suggestion = `service-policy ${policy.name} global`;
    report({ severity: 'warning', position: policy.written.start, code: 'unbound-policy', message, suggestion });
  }
  for (const one of tcpMaps) {
    const others = [one.urgentFlag, one.reservedBits, one.verifiesChecksum];
    if (
      one.options.length > 0 ||
      others.some((said) => said !== undefined) ||
      (model.kept ?? []).some(({ path }) => path[0] === `tcp-map ${one.name}`)
    )
      continue;
    const message = `tcp-map ${one.name} is empty, which is as without it: TCP option ${MD5_OPTION} is cleared`;
    const suggestion = 'tcp-options md5 allow';
    report({ severity: 'warning', position: one.written.start, code: 'empty-tcp-map', message, suggestion });
  }
}

/** Of several classes that a connection fits, the first one that says something of a kind counts. */
function checkOrder(model: DeviceModel, policy: TransitPolicyModel, report: Report): void {
  let wide: TransitPolicyModel['classes'][number] | undefined;
  for (const part of policy.classes) {
    const position = part.written.start;
    const speaksTwice =
      (wide?.randomSequenceNumbers !== undefined && part.randomSequenceNumbers !== undefined) ||
      (wide?.tcpMap !== undefined && part.tcpMap !== undefined);
    if (wide !== undefined && speaksTwice) {
      const message = `class ${wide.trafficClass} takes all traffic: what ${part.trafficClass} says after it does nothing`;
      report({ severity: 'warning', position, code: 'shadowed-class', message });
    }
    const named = (model.trafficClasses ?? []).find((one) => one.name === part.trafficClass);
    if (named !== undefined && named.matches.length === 0) {
      const message = `class-map ${named.name} has no match: no traffic belongs to it`;
      report({ severity: 'warning', position: named.written.start, code: 'empty-class', message });
    }
    if (named?.matches.some((one) => one.kind === 'any') === true) wide ??= part;
  }
}
