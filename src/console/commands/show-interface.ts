/** `show interface …`. */
import { showInterface, showInterfaceIpBrief } from '../show/interface.ts';
import { interfaceName } from './arguments.ts';
import { invalid, type Row, text } from './row.ts';

export const showInterfaceCommands: readonly Row[] = [
  {
    pattern: 'show interface',
    help: 'all interfaces',
    run: (device) => text(showInterface(device.snapshot(), undefined)),
  },
  {
    pattern: 'show interface ip brief',
    help: 'a line for each interface',
    run: (device) => text(showInterfaceIpBrief(device.snapshot())),
  },
  {
    pattern: 'show interface <name>',
    help: 'one interface',
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      const name = interfaceName(snapshot, given['name'] ?? '');
      return name === undefined ? invalid(`no interface ${given['name']}`) : text(showInterface(snapshot, name));
    },
  },
];
