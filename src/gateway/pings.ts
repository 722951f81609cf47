/** Echo requests of our own: numbered probes with their answers, as operators ask for them. */
import { after, bytesEqual, Deadlines, type Instant, type IpAddress, type Random, writeU16 } from '../base/index.ts';
import { buildEcho, type IcmpMessage, parseIcmp, parseIp } from '../ip/index.ts';
import type { GatewayEffect, PingProbe, PingRequest } from './contract.ts';

type Run = {
  readonly id: number;
  readonly request: PingRequest;
  readonly source: IpAddress;
  readonly icmpId: number;
  next: number;
  readonly sent: Map<number, Instant>;
  readonly probes: PingProbe[];
};

/** IPv4 or IPv6 header and the echo header: what a packet holds besides its data. */
const HEADERS = { 4: 28, 6: 48 } as const;
const DEFAULT_PATTERN = 0xabcd;

export class Pings {
  readonly #random: Random;
  readonly #send: (packet: Uint8Array, vrf?: string) => void;
  readonly #emit: (effect: GatewayEffect) => void;
  readonly #runs = new Map<number, Run>();
  readonly #byIcmpId = new Map<number, Run>();
  readonly #deadlines = new Deadlines<string>();

  constructor(random: Random, send: (packet: Uint8Array, vrf?: string) => void, emit: (effect: GatewayEffect) => void) {
    this.#random = random;
    this.#send = send;
    this.#emit = emit;
  }

  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  /** Starts a run; without a source address (no route) all its probes fail at once. */
  start(id: number, request: PingRequest, source: IpAddress | undefined, now: Instant): void {
    if (source === undefined) {
      const probes = Array.from({ length: request.count }, (_, i) => ({ sequence: i, result: 'no-route' as const }));
      for (const probe of probes) this.#emit({ kind: 'ping-probe', id, probe });
      this.#emit({ kind: 'ping-done', id, probes });
      return;
    }
    const [high = 0, low = 0] = this.#random(2);
    let icmpId = (high << 8) | low;
    while (this.#byIcmpId.has(icmpId)) icmpId = (icmpId + 1) & 0xffff;
    const run: Run = { id, request, source, icmpId, next: 0, sent: new Map(), probes: [] };
    this.#runs.set(id, run);
    this.#byIcmpId.set(icmpId, run);
    this.#sendNext(run, now);
  }

  cancel(id: number): void {
    const run = this.#runs.get(id);
    if (run !== undefined) this.#finish(run);
  }

  tick(now: Instant): void {
    for (;;) {
      const key = this.#deadlines.takeDue(now);
      if (key === undefined) return;
      const [kind, id, sequence] = key.split(' ');
      const run = this.#runs.get(Number(id));
      if (run === undefined) continue;
      if (kind === 'next') this.#sendNext(run, now);
      else this.#record(run, { sequence: Number(sequence), result: 'timeout' });
    }
  }

  /** An ICMP message for us. Says whether it answered one of our probes. */
  received(message: IcmpMessage, from: IpAddress, now: Instant): boolean {
    if (message.kind === 'echo-reply') {
      const run = this.#byIcmpId.get(message.id);
      const sentAt = run?.sent.get(message.sequence);
      if (run === undefined || sentAt === undefined) return false;
      const isDamaged = run.request.validate === true && !bytesEqual(message.data, dataOf(run.request));
      const result = isDamaged ? 'damaged' : 'reply';
      this.#record(run, { sequence: message.sequence, result, rttMs: now - sentAt, from });
      return true;
    }
    if (message.kind !== 'unreachable' && message.kind !== 'too-big' && message.kind !== 'time-exceeded') return false;
    const quoted = quotedEcho(message.quoted);
    const run = quoted === undefined ? undefined : this.#byIcmpId.get(quoted.id);
    if (run === undefined || quoted === undefined || !run.sent.has(quoted.sequence)) return false;
    const result =
      message.kind === 'too-big' ? 'too-big' : message.kind === 'unreachable' ? 'unreachable' : 'ttl-exceeded';
    const mtu = message.kind === 'too-big' ? { mtu: message.mtu } : {};
    this.#record(run, { sequence: quoted.sequence, result, from, ...mtu });
    return true;
  }

  #sendNext(run: Run, now: Instant): void {
    const { request, source, icmpId: id, next: sequence } = run;
    run.next++;
    run.sent.set(sequence, now);
    const { destination, df } = request;
    const data = dataOf(request);
    this.#deadlines.set(`lost ${run.id} ${sequence}`, after(now, request.timeoutMs));
    if (run.next < request.count) this.#deadlines.set(`next ${run.id}`, after(now, request.intervalMs));
    this.#send(buildEcho({ source, destination, id, sequence, data, reply: false, df }), request.vrf);
  }

  #record(run: Run, probe: PingProbe): void {
    run.sent.delete(probe.sequence);
    this.#deadlines.set(`lost ${run.id} ${probe.sequence}`, undefined);
    run.probes.push(probe);
    this.#emit({ kind: 'ping-probe', id: run.id, probe });
    if (run.probes.length === run.request.count) this.#finish(run);
  }

  #finish(run: Run): void {
    for (const sequence of run.sent.keys()) this.#deadlines.set(`lost ${run.id} ${sequence}`, undefined);
    this.#deadlines.set(`next ${run.id}`, undefined);
    this.#runs.delete(run.id);
    this.#byIcmpId.delete(run.icmpId);
    this.#emit({ kind: 'ping-done', id: run.id, probes: run.probes });
  }
}

function dataOf({ destination, size, pattern = DEFAULT_PATTERN }: PingRequest): Uint8Array {
  const length = Math.max(0, size - HEADERS[destination.family]);
  const data = new Uint8Array(length + 1);
  for (let i = 0; i < length; i += 2) writeU16(data, i, pattern);
  return data.subarray(0, length);
}

/** The echo request that an ICMP error quotes, if it is one; quotes are cut short, so checksums are not looked at. */
function quotedEcho(quoted: Uint8Array): Readonly<{ id: number; sequence: number }> | undefined {
  const family = (quoted[0] ?? 0) >> 4;
  const offset = family === 4 ? ((quoted[0] ?? 0) & 15) * 4 : 40;
  const protocol = family === 4 ? quoted[9] : quoted[6];
  const type = quoted[offset];
  if (quoted.length < offset + 8) return undefined;
  if (!(protocol === 1 && type === 8) && !(protocol === 58 && type === 128)) return undefined;
  const u16 = (o: number): number => ((quoted[o] ?? 0) << 8) | (quoted[o + 1] ?? 0);
  return { id: u16(offset + 4), sequence: u16(offset + 6) };
}

/** Reads an ICMP packet for `received`; undefined when it is none or broken. */
export function readIcmp(packet: Uint8Array): Readonly<{ message: IcmpMessage; from: IpAddress }> | undefined {
  const header = parseIp(packet);
  if (!header.ok) return undefined;
  const message = parseIcmp(header.value, packet);
  return message.ok ? { message: message.value, from: header.value.source } : undefined;
}
