/** No tunnel at all: the same routers with a plain cable between them. What the machine can do at most. */
import { OUTER } from '../network.ts';
import type { Subject } from '../subject.ts';

export const veth: Subject = {
  name: 'veth',
  title: 'plain veth',
  suites: ['aes-256-gcm'],
  isAttacked: false,
  start: async ({ gateways }) => {
    await gateways[0].ip(`route add 10.2.0.0/24 via ${OUTER[1]}`);
    await gateways[1].ip(`route add 10.1.0.0/24 via ${OUTER[0]}`);
    return { pids: [], runs: () => true, log: () => '' };
  },
};
