/** A static route as a line of configuration. */
import { netmask } from '../base/index.ts';
import type { StaticRouteModel } from '../config/index.ts';

type Route = Pick<StaticRouteModel, 'interface' | 'prefix' | 'distance'> &
  Readonly<{ gateway?: StaticRouteModel['gateway'] | undefined }>;

export function routeText(route: Route): string {
  const { interface: out, prefix, gateway, distance } = route;
  const through = out === 'Null0' ? '' : ` ${gateway ?? 'Null0'}`;
  if (prefix.family === 6) return `ipv6 route ${out} ${prefix}${through} ${distance}`;
  return `route ${out} ${prefix.address} ${netmask(prefix.length)}${through} ${distance}`;
}
