/** Asks one device of a lab one command and gives its text once it is there. */
import { exec } from '../console/index.ts';
import { explainCommand, isExplain } from '../explain/index.ts';
import { GatewayNode, type Lab, labEvidence } from '../lab/index.ts';
import { labDevice } from './lab-device.ts';
import { saveFile } from './save-file.ts';

export type Answer = Readonly<{ ok: boolean; text: string }>;

/** Runs `line` on a device; `done` hears the answer, at once or (ping) as the lab runs on. */
export function askDevice(lab: Lab, name: string, line: string, done: (answer: Answer) => void): void {
  const node = lab.nodes(GatewayNode).find((one) => one.name === name);
  if (node === undefined) {
    const known = lab.nodes(GatewayNode).map((one) => one.name);
    const shown = known.length > 12 ? `${known.slice(0, 12).join(', ')}, …` : known.join(', ');
    done({ ok: false, text: `there is no device ${name}; there are ${shown}\n` });
    return;
  }
  const device = labDevice(lab, node, saveFile);
  if (!device.isOn()) {
    done({ ok: false, text: `${name} is switched off\n` });
    return;
  }
  const words = line.trim().split(/\s+/);
  const explained = isExplain(words) ? explainCommand(labEvidence(lab), name, words) : undefined;
  if (explained !== undefined) {
    done({ ok: explained.value !== undefined, text: explained.text });
    return;
  }
  const result = exec(line, device);
  if (result.kind === 'text' || result.kind === 'error') done({ ok: result.kind === 'text', text: result.text });
  else {
    let text = '';
    const write = (more: string): void => {
      text += more;
    };
    device.perform(result, { write, done: () => done({ ok: true, text }) });
  }
}
