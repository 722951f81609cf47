/** Host name, release, services, and leaving modes. */
import { name, text } from '../../parameters.ts';
import { harmless, type IosxeRow, used } from '../row.ts';

export const hostRows: readonly IosxeRow[] = [
  harmless('config', {
    pattern: 'version <text>',
    help: 'Release that saved the configuration',
    section: 'version',
    kept: false,
    params: { text: text('Release') },
    example: 'version 17.9',
  }),
  harmless('config', {
    pattern: '{Building configuration...|Current configuration <text>}',
    help: 'What a terminal says before a running configuration',
    section: 'version',
    kept: false,
    exact: true,
    params: { text: text('Its size') },
    example: ['Building configuration...', 'Current configuration : 2345 bytes'],
  }),
  used('config', {
    pattern: 'hostname / <name>',
    help: 'Name of the device',
    section: 'hostname',
    params: { name: name('Name', 63) },
    example: 'hostname ASR-WAN01',
    set(target, args) {
      target.device.hostname = args.name;
    },
    unset(target) {
      target.device.hostname = 'Router';
    },
    print: ({ hostname }) => [{ values: { name: hostname } }],
  }),
];

export const leavingRows: readonly IosxeRow[] = [
  harmless('*', { pattern: 'exit', help: 'Leave this mode', leaves: 'one', kept: false, example: 'exit' }),
  harmless('*', { pattern: 'quit', help: 'Leave this mode', leaves: 'one', kept: false, example: 'quit' }),
  harmless('*', { pattern: 'end', help: 'Leave configuration', leaves: 'all', kept: false, example: 'end' }),
];
