/** Syslog on its way to the log hosts of the configuration: UDP from the interface that each is named behind. */
import { type Instant, utf8 } from '../base/index.ts';
import type { DeviceModel } from '../config/index.ts';
import { buildIp, buildUdp, Protocol } from '../ip/index.ts';
import type { Context } from './context.ts';
import type { GatewayLogEvent } from './event.ts';
import { sourceFor } from './routes.ts';

/** Draws an event as the datagrams that a device with this configuration sends of it; none below its level. */
export type FormatSyslog = (
  event: GatewayLogEvent,
  model: DeviceModel,
  wallClockMs: number | undefined,
) => readonly string[];

export const SYSLOG_PORT = 514;
/** Datagrams a second; more would make a flood of strangers' packets one of ours. */
const MAX_A_SECOND = 500;

export class LogHosts {
  readonly #format: FormatSyslog;
  #since: Instant | undefined;
  #sent = 0;

  constructor(format: FormatSyslog) {
    this.#format = format;
  }

  send(context: Context, event: GatewayLogEvent, wallClockMs: number | undefined): void {
    const { index, interfaces, now } = context;
    if (index === undefined || interfaces === undefined) return;
    const { enabled, hosts } = index.model.logging;
    if (!enabled || hosts.length === 0) return;
    const texts = this.#format(event, index.model, wallClockMs);
    for (const text of texts) {
      for (const { interface: name, address: destination, vrf: routed = '' } of hosts) {
        // Where no interface is named the routes of the host's VRF say where it is.
        const out = name === '' ? undefined : index.interface(name);
        if (name !== '' && out === undefined) continue;
        const vrf = out?.vrf ?? routed;
        const source =
          out === undefined
            ? sourceFor(context, destination, vrf)
            : interfaces.sourceAddress(out.name, destination.family);
        if (source === undefined || !this.#mayPass(now)) continue;
        const from = { address: source, port: SYSLOG_PORT };
        const to = { address: destination, port: SYSLOG_PORT };
        const packet = buildIp({ source, destination, protocol: Protocol.UDP }, buildUdp(from, to, utf8(text)));
        context.command({ kind: 'inject', vrf, packet });
      }
    }
  }

  #mayPass(now: Instant): boolean {
    if (this.#since === undefined || now - this.#since >= 1000) {
      this.#since = now;
      this.#sent = 0;
    }
    return this.#sent++ < MAX_A_SECOND;
  }
}
