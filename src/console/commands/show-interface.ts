/** `show interface …` and the tables of interfaces. */
import { interfaceListSchema, showInterface } from '../show/interface.ts';
import { showInterfaceIpBrief, showIpAddress, showNameif } from '../show/interface-tables.ts';
import { interfaceName } from './arguments.ts';
import { invalid, type Row, shown } from './row.ts';

const schema = interfaceListSchema;

export const showInterfaceCommands: readonly Row[] = [
  {
    pattern: 'show interface',
    help: 'all interfaces',
    schema,
    run: (device) => shown(showInterface(device.snapshot(), undefined)),
  },
  {
    pattern: 'show interface ip brief',
    help: 'a line for each interface',
    schema,
    run: (device) => shown(showInterfaceIpBrief(device.snapshot())),
  },
  {
    pattern: 'show interface <name>',
    help: 'one interface',
    schema,
    run: (device, { arguments: given }) => {
      const snapshot = device.snapshot();
      const name = interfaceName(snapshot, given['name'] ?? '');
      return name === undefined ? invalid(`no interface ${given['name']}`) : shown(showInterface(snapshot, name));
    },
  },
  {
    pattern: 'show ip address',
    help: 'addresses of interfaces',
    schema,
    run: (device) => shown(showIpAddress(device.snapshot())),
  },
  {
    pattern: 'show nameif',
    help: 'names and security levels',
    schema,
    run: (device) => shown(showNameif(device.snapshot())),
  },
];
