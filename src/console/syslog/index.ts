/** Events as syslog: an ASA's numbers and words, its frame or that of RFC 5424, and JSON lines. */
export { asaMessages } from './asa.ts';
export { frameOf, type SyslogLineOptions, syslogDatagrams, syslogLines } from './collector.ts';
export { type EventDocument, eventDocument, eventSchema } from './event-document.ts';
export { causeLines, causes } from './frame.ts';
export { LEVEL_NAMES, type SyslogMessage, tagOf } from './message.ts';
export { messagesOf } from './messages.ts';
