/**
 * The whole grammar of IOS-XE, one row a command. Parser, `no`, abbreviations, help, completion, `show running-config`
 * and the reference documentation all read this table. Rows are in the order in which their mode prints them.
 */
import { Grammar } from '../../grammar.ts';
import type { IosxeRow } from '../row.ts';
import { accessListRows } from './access-list.ts';
import { authorizationRows } from './authorization.ts';
import { bgpFamilyRows, bgpRows } from './bgp.ts';
import { bgpNeighborRows } from './bgp-neighbor.ts';
import { bgpSessionRows } from './bgp-session.ts';
import { certificateRows } from './certificates.ts';
import { cryptoMapRows } from './crypto-map.ts';
import { deviceRows } from './device.ts';
import { evpnRows, nveRows } from './evpn.ts';
import { greRows } from './gre.ts';
import { hostRows, leavingRows } from './host.ts';
import { ikev2Rows } from './ikev2.ts';
import { ikev2ProfileRows } from './ikev2-profile.ts';
import { interfaceRows } from './interfaces.ts';
import { ipsecRows } from './ipsec.ts';
import { loggingRows } from './logging.ts';
import { ospfRows } from './ospf.ts';
import { policyRows } from './policy.ts';
import { routeRows } from './routes.ts';
import { tunnelRows } from './tunnel.ts';
import { vrfRows } from './vrf.ts';

export const iosxeGrammar: Grammar<IosxeRow> = new Grammar([
  ...hostRows,
  ...vrfRows,
  ...authorizationRows,
  ...ikev2Rows,
  ...ikev2ProfileRows,
  ...cryptoMapRows,
  ...ipsecRows,
  ...nveRows,
  ...interfaceRows,
  ...tunnelRows,
  ...greRows,
  ...bgpRows,
  ...bgpSessionRows,
  ...bgpNeighborRows,
  ...bgpFamilyRows,
  ...evpnRows,
  ...ospfRows,
  ...routeRows,
  ...accessListRows,
  ...policyRows,
  ...loggingRows,
  ...certificateRows,
  ...deviceRows,
  ...leavingRows,
]);
