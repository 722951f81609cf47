/** `wheelwright lab generate`: a topology of any size, configurations included. */
import { writeTexts } from '../host/index.ts';
import { generateHubSpoke } from '../lab/index.ts';

export type LabGenerateOptions = Readonly<{ hubs: number; spokes: number; hosts: number }>;

/** What the generator's address plan holds. */
const MOST_HUBS = 8;
const MOST_SPOKES = 4000;

/** Gives the exit status: 0 written, 2 when it can not be. */
export function labGenerate(shape: string, folder: string, options: LabGenerateOptions): number {
  if (shape !== 'hub-spoke') {
    process.stderr.write(`there is no shape '${shape}'; there is hub-spoke\n`);
    return 2;
  }
  const { hubs, spokes, hosts } = options;
  if (hubs < 1 || hubs > MOST_HUBS || spokes < 1 || spokes > MOST_SPOKES) {
    process.stderr.write(`1 to ${MOST_HUBS} hubs and 1 to ${MOST_SPOKES} spokes can be generated\n`);
    return 2;
  }
  const { files } = generateHubSpoke({ hubs, spokes, hosts: Math.min(hosts, spokes) });
  const written = writeTexts(folder, files);
  if (!written.ok) {
    process.stderr.write(`${written.error}\n`);
    return 2;
  }
  process.stdout.write(
    `${written.value} files in ${folder}; run it with: wheelwright lab run ${folder}/topology.yaml\n`,
  );
  return 0;
}
