/** The prompt after a lab came up: choose a device by its name, then ask it as on the real box. */
import { createInterface } from 'node:readline';
import { execHelp } from '../console/index.ts';
import { GatewayNode, type Lab } from '../lab/index.ts';
import { askDevice } from './lab-ask.ts';

const HELP = `Type a device's name to go to it, 'devices' for the list, 'power off NAME' and 'power on NAME',
'link down NAME' and 'link up NAME', 'quit' to end. On a device:
${execHelp()}`;

/** Reads lines until the end of input or `quit`; the caller keeps the lab running meanwhile. */
export function labPrompt(
  lab: Lab,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Readonly<{ closed: () => boolean }> {
  const names = lab.nodes(GatewayNode).map(({ name }) => name);
  let device = names[0] ?? '';
  let isClosed = false;
  const reader = createInterface({ input, output });
  const prompt = (): void => {
    reader.setPrompt(`${device}# `);
    reader.prompt();
  };
  reader.on('close', () => {
    isClosed = true;
  });
  reader.on('line', (typed) => {
    const line = typed.trim();
    const words = line.split(/\s+/);
    if (['quit', 'exit', 'logout'].includes(line)) {
      reader.close();
      return;
    }
    if (line === 'help' || line === '?') output.write(HELP);
    else if (line === 'devices') output.write(`${names.join('\n')}\n`);
    else if (names.includes(line)) device = line;
    else if (words[0] === 'power' || words[0] === 'link') output.write(operate(lab, words));
    else if (line !== '') {
      const colon = /^([^\s:]+):\s+(.*)$/.exec(line);
      const [target, command] = colon === null ? [device, line] : [colon[1] ?? device, colon[2] ?? ''];
      askDevice(lab, target, command, ({ text }) => {
        output.write(text);
        prompt();
      });
      return;
    }
    prompt();
  });
  output.write(
    "Ask any device, such as 'show crypto ikev2 sa', 'show bgp summary', 'ping 10.250.0.1'; 'help' tells more.\n",
  );
  prompt();
  return { closed: () => isClosed };
}

/** `power off hub1`, `link down hub1-outside`: says what it did or why not. */
function operate(lab: Lab, [what, state, name = '']: readonly string[]): string {
  if (what === 'power' && (state === 'on' || state === 'off')) {
    if (!lab.topology.nodes.some((node) => node.name === name)) return `there is no node ${name}\n`;
    if (state === 'on') lab.powerOn(name);
    else lab.powerOff(name);
    return `${name} is ${state}\n`;
  }
  if (what === 'link' && (state === 'up' || state === 'down')) {
    if (!lab.topology.links.some((link) => link.name === name)) return `there is no link ${name}\n`;
    lab.setLink(name, state === 'up');
    return `${name} is ${state}\n`;
  }
  return "'power on|off NODE' or 'link up|down LINK'\n";
}
