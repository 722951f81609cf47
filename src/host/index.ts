/** The only place with a clock, timers and files: what drives a gateway or a lab on a real machine. */
export { realClock } from './clock.ts';
export { type FileSink, fileSink, readText, writeTexts } from './files.ts';
