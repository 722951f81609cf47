/**
 * The ASA's whole grammar, one row a command. Parser, `no`, abbreviations, help, completion, `show running-config` and
 * the reference documentation all read this table. Rows are in the order in which their mode prints them.
 */
import { Grammar } from '../../grammar.ts';
import type { AsaRow } from '../row.ts';
import { accessListRows } from './access-list.ts';
import { bgpFamilyRows, bgpRows } from './bgp.ts';
import { bgpNeighborRows } from './bgp-neighbor.ts';
import { bgpSessionRows } from './bgp-session.ts';
import { certificateRows } from './certificates.ts';
import { groupPolicyRows } from './group-policy.ts';
import { ikeRows } from './ike.ts';
import { interfaceRows } from './interfaces.ts';
import { ipsecRows } from './ipsec.ts';
import { hostRows, miscRows } from './misc.ts';
import { objectRows } from './objects.ts';
import { policyRows } from './policy.ts';
import { routingRows } from './routing.ts';
import { trafficClassRows } from './traffic-class.ts';
import { transitPolicyRows } from './transit-policy.ts';
import { tunnelRows } from './tunnel.ts';
import { tunnelGroupRows } from './tunnel-group.ts';

export const asaGrammar: Grammar<AsaRow> = new Grammar([
  ...hostRows,
  ...interfaceRows,
  ...tunnelRows,
  ...accessListRows,
  ...objectRows,
  ...policyRows,
  ...bgpRows,
  ...bgpSessionRows,
  ...bgpNeighborRows,
  ...bgpFamilyRows,
  ...routingRows,
  ...ipsecRows,
  ...certificateRows,
  ...ikeRows,
  ...groupPolicyRows,
  ...tunnelGroupRows,
  ...trafficClassRows,
  ...transitPolicyRows,
  ...miscRows,
]);
