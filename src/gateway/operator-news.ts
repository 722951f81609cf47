/** What comes from outside the protocols and stands behind changes: the operator's doings and the links. */
import { maskSecrets } from '../config/index.ts';
import type { Cause } from '../ike/index.ts';
import type { Context } from './context.ts';
import type { GatewayEvent } from './contract.ts';

/** What an event from outside is as a cause; undefined: it is none by itself. */
export function causeOf(event: GatewayEvent): Cause | undefined {
  switch (event.kind) {
    case 'configure':
      return { code: 'configuration-changed', text: 'the configuration changed' };
    case 'carrier': {
      const { interface: name, up } = event;
      return up
        ? { code: 'carrier-up', text: `the link of ${name} came up` }
        : { code: 'carrier-lost', text: `the link of ${name} went down` };
    }
    case 'credentials':
      return { code: 'credentials-changed', text: 'keys or certificates were replaced' };
    case 'operator':
      return event.request.kind === 'shutdown' ? { code: 'shutdown', text: 'the gateway is shut down' } : undefined;
    case 'machine':
    case 'plane':
    case 'host-tcp':
    case 'cookies-answered':
    case 'tick':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** Somebody entered a line. A configuration that nobody in particular changed tells of itself by what it causes. */
export function tellConfigured(
  context: Context,
  { by }: Pick<Extract<GatewayEvent, { kind: 'configure' }>, 'by'>,
): void {
  if (by === undefined) return;
  // A line may hold a key.
  const command = maskSecrets(by.command);
  context.log(5, 'configured', `${by.user} changed the configuration: ${command}`, {
    details: { kind: 'configuration', user: by.user, command },
  });
}
