/** `show logging`: the gateway's journal, newest last. */
import type { GatewaySnapshot } from '../../gateway/index.ts';

export function showLogging({ log }: GatewaySnapshot): string {
  const lines = log.map(({ at, severity, code, text }) => `${seconds(at)}: ${severity}-${code}: ${text}`);
  return `${['Log Buffer:', ...lines].join('\n')}\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(12)} s`;
}
