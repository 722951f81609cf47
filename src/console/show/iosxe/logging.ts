/** `show logging` of a router: how it logs, and its buffer; where it would show nothing, the journal is there all the same. */
import type { GatewaySnapshot } from '../../../gateway/index.ts';
import { syslogLines } from '../../syslog/collector.ts';
import { causeLines } from '../../syslog/frame.ts';
import { LEVEL_NAMES } from '../../syslog/message.ts';
import { type Logging, showLogging } from '../logging.ts';
import { lines, type Shown } from '../shown.ts';

const BUFFER_BYTES = 4096;

export function showIosLogging(snapshot: GatewaySnapshot, epochMs: number): Shown<Logging> {
  const { value } = showLogging(snapshot, epochMs);
  return { value, text: textOf(snapshot, epochMs) };
}

function textOf({ model, log }: GatewaySnapshot, epochMs: number): string {
  const { enabled, bufferedLevel, consoleLevel, monitorLevel, trapLevel, hosts } = model.logging;
  const isBuffered = enabled && bufferedLevel !== undefined;
  const kept = log.flatMap((event) => {
    const limit = isBuffered ? { level: bufferedLevel } : {};
    const told = syslogLines(event, { timestamp: 'plain', timeMs: epochMs + event.at, model, ...limit });
    return isBuffered || told.length === 0 ? told : [...told, ...causeLines(event.cause)];
  });
  const levels = (level: number | undefined): string =>
    level === undefined ? 'disabled' : `level ${LEVEL_NAMES[level] ?? level}, 0 messages logged`;
  return lines([
    `Syslog logging: ${enabled ? 'enabled' : 'disabled'} (0 messages dropped, 0 messages rate-limited, 0 flushes, 0 overruns, xml disabled, filtering disabled)`,
    '',
    'No Active Message Discriminator.',
    '',
    'No Inactive Message Discriminator.',
    '',
    `    Console logging: ${levels(consoleLevel)}`,
    `    Monitor logging: ${levels(monitorLevel)}`,
    isBuffered
      ? `    Buffer logging:  level ${LEVEL_NAMES[bufferedLevel] ?? bufferedLevel}, ${kept.length} messages logged, xml disabled,`
      : '    Buffer logging:  disabled, xml disabled,',
    ...(isBuffered ? ['                    filtering disabled'] : []),
    '    Exception Logging: size (4096 bytes)',
    '    Count and timestamp logging messages: disabled',
    '    Persistent logging: disabled',
    '',
    trapLevel === undefined
      ? '    Trap logging: disabled'
      : `    Trap logging: level ${LEVEL_NAMES[trapLevel] ?? trapLevel}, ${log.length} message lines logged`,
    ...hosts.map(({ address }) => `        Logging to ${address}  (udp port 514, audit disabled,`),
    '',
    ...(isBuffered
      ? []
      : ['Nothing is buffered: logging buffered is not configured. The journal that is kept all the same:']),
    ...(isBuffered ? [`Log Buffer (${BUFFER_BYTES} bytes):`] : []),
    '',
    ...kept,
  ]);
}
