/** Between a gateway and the kernel's TCP: what the gateway orders, performed. Reports go back as they are. */
import { ok, type Result } from '../base/index.ts';
import type { HostTcpOrder } from '../gateway/index.ts';
import type { SystemFault, SystemTcp } from './system.ts';

/** Performs one `host-tcp` effect. What fails later comes as an event of the connection. */
export function performHostTcp(tcp: SystemTcp, order: HostTcpOrder): Result<void, SystemFault> {
  switch (order.kind) {
    case 'connect':
      tcp.connect(order);
      break;
    case 'listen':
      return tcp.listen(order.port, order.ttl);
    case 'unlisten':
      tcp.unlisten(order.port);
      break;
    case 'set-md5-key':
      return tcp.setMd5Key(order.remote, order.key);
    case 'set-ttl':
      tcp.setTtl(order.remote, order.ttl);
      break;
    case 'write':
      tcp.write(order.connection, order.data);
      break;
    case 'close':
      tcp.close(order.connection);
      break;
    case 'abort':
      tcp.abort(order.connection);
      break;
    default:
      order satisfies never;
  }
  return ok(undefined);
}
