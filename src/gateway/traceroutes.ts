/**
 * The way to an address, hop by hop: probes with a rising TTL, told by the errors that they cause (RFC 1812 section
 * 5.3.1). One probe is under way at a time, as on Cisco's devices: UDP to a port that rises by one for each probe and
 * that nobody listens to, or echo requests.
 */
import { after, Deadlines, type Instant, type IpAddress, type Random, readU16 } from '../base/index.ts';
import { buildEcho, buildIp, buildUdp, type IcmpMessage, Protocol, parseQuotedIp } from '../ip/index.ts';
import type { GatewayEffect, TracerouteProbe, TracerouteRequest } from './contract.ts';

type Run = {
  readonly id: number;
  readonly request: TracerouteRequest;
  readonly source: IpAddress;
  /** Source port of datagrams, identifier of echo requests. */
  readonly mark: number;
  /** Probes sent so far. */
  sent: number;
  sentAt: Instant;
  readonly probes: TracerouteProbe[];
};

/** Ports that no service of a gateway uses. */
const FIRST_SOURCE_PORT = 0x8000;
const UDP_DATA = new Uint8Array(12);
const ECHO_DATA = new Uint8Array(32).fill(0xab);
/** What an error has to quote of a datagram or an echo request: its ports, or its identifier and number. */
const QUOTED = 8;
const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
const PORT_UNREACHABLE = { 4: 3, 6: 4 } as const;
/** Codes of unreachable, RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1. */
const NO_ROUTE = { 4: [0, 6, 11], 6: [0] } as const;
const PROHIBITED = { 4: [9, 10, 13], 6: [1, 5, 6] } as const;

type Outcome = Pick<TracerouteProbe, 'result' | 'from'>;

export class Traceroutes {
  readonly #random: Random;
  readonly #send: (packet: Uint8Array, vrf?: string) => void;
  readonly #emit: (effect: GatewayEffect) => void;
  readonly #runs = new Map<number, Run>();
  readonly #deadlines = new Deadlines<number>();

  constructor(random: Random, send: (packet: Uint8Array, vrf?: string) => void, emit: (effect: GatewayEffect) => void) {
    this.#random = random;
    this.#send = send;
    this.#emit = emit;
  }

  wakeAt(): Instant | undefined {
    return this.#deadlines.earliest();
  }

  /** Starts a run; without a source address (no route) it ends at once. */
  start(id: number, request: TracerouteRequest, source: IpAddress | undefined, now: Instant): void {
    if (source === undefined) {
      const probe: TracerouteProbe = { hop: request.minTtl, result: 'no-route' };
      this.#emit({ kind: 'traceroute-probe', id, probe });
      this.#emit({ kind: 'traceroute-done', id, probes: [probe] });
      return;
    }
    const mark = FIRST_SOURCE_PORT | readU16(this.#random(2), 0);
    const run: Run = { id, request, source, mark, sent: 0, sentAt: now, probes: [] };
    this.#runs.set(id, run);
    this.#sendNext(run, now);
  }

  cancel(id: number): void {
    const run = this.#runs.get(id);
    if (run !== undefined) this.#finish(run);
  }

  tick(now: Instant): void {
    for (;;) {
      const id = this.#deadlines.takeDue(now);
      if (id === undefined) return;
      const run = this.#runs.get(id);
      if (run !== undefined) this.#record(run, { result: 'timeout' }, now);
    }
  }

  /** An ICMP message for us. Says whether it answered the probe that is under way. */
  received(message: IcmpMessage, from: IpAddress, now: Instant): boolean {
    for (const run of this.#runs.values()) {
      const outcome = outcomeOf(run, message, from);
      if (outcome === undefined) continue;
      this.#record(run, outcome, now);
      return true;
    }
    return false;
  }

  #sendNext(run: Run, now: Instant): void {
    const { request, source, mark, sent } = run;
    const { destination } = request;
    const ttl = hopOf(request, sent);
    run.sent++;
    run.sentAt = now;
    this.#deadlines.set(run.id, after(now, request.timeoutMs));
    if (request.method === 'icmp') {
      const echo = { source, destination, id: mark, sequence: sent & 0xffff, data: ECHO_DATA, reply: false, ttl };
      this.#send(buildEcho(echo));
      return;
    }
    const to = { address: destination, port: portOf(request, sent) };
    const datagram = buildUdp({ address: source, port: mark }, to, UDP_DATA);
    this.#send(buildIp({ source, destination, protocol: Protocol.UDP, ttl }, datagram));
  }

  /** Ends a probe; the run ends behind the last probe of a hop where there was no going further. */
  #record(run: Run, outcome: Outcome, now: Instant): void {
    const { request, probes } = run;
    const hop = hopOf(request, probes.length);
    const rttMs = outcome.result === 'timeout' ? {} : { rttMs: now - run.sentAt };
    const probe: TracerouteProbe = { hop, ...outcome, ...rttMs };
    probes.push(probe);
    this.#emit({ kind: 'traceroute-probe', id: run.id, probe });
    const isHopDone = probes.length % request.probes === 0;
    const goesOn = ({ result }: TracerouteProbe): boolean => result === 'ttl-exceeded' || result === 'timeout';
    const isEnd = isHopDone && (hop >= request.maxTtl || !probes.slice(-request.probes).every(goesOn));
    if (isEnd) this.#finish(run);
    else this.#sendNext(run, now);
  }

  #finish(run: Run): void {
    this.#deadlines.set(run.id, undefined);
    this.#runs.delete(run.id);
    this.#emit({ kind: 'traceroute-done', id: run.id, probes: run.probes });
  }
}

function hopOf({ minTtl, probes }: TracerouteRequest, number: number): number {
  return minTtl + Math.floor(number / probes);
}

/** Ports go round rather than over the end. */
function portOf({ port }: TracerouteRequest, number: number): number {
  return ((port - 1 + number) % 0xffff) + 1;
}

/** What a message says of a run's probe; undefined when it is about something else. */
function outcomeOf(run: Run, message: IcmpMessage, from: IpAddress): Outcome | undefined {
  const { request, mark, sent } = run;
  const { destination } = request;
  switch (message.kind) {
    case 'echo-reply': {
      const isOurs = request.method === 'icmp' && message.id === mark && message.sequence === ((sent - 1) & 0xffff);
      return isOurs ? { result: 'reply', from } : undefined;
    }
    case 'time-exceeded':
      return isQuoted(run, message.quoted) ? { result: 'ttl-exceeded', from } : undefined;
    case 'too-big':
      return isQuoted(run, message.quoted) ? { result: 'too-big', from } : undefined;
    case 'unreachable':
      if (!isQuoted(run, message.quoted)) return undefined;
      return { result: unreachable(message.code, destination.family, request.method), from };
    case 'echo-request':
    case 'other':
      return undefined;
    default:
      return message satisfies never;
  }
}

function unreachable(code: number, family: 4 | 6, method: TracerouteRequest['method']): TracerouteProbe['result'] {
  const among = (codes: readonly number[]): boolean => codes.includes(code);
  if (code === PORT_UNREACHABLE[family] && method === 'udp') return 'reply';
  if (among(NO_ROUTE[family])) return 'no-route';
  return among(PROHIBITED[family]) ? 'prohibited' : 'unreachable';
}

/** Whether an error quotes the probe that is under way; quotes are cut short, so checksums are not looked at. */
function isQuoted({ request, source, mark, sent }: Run, quoted: Uint8Array): boolean {
  const parsed = parseQuotedIp(quoted);
  if (!parsed.ok) return false;
  const { payloadOffset: start, protocol, fragmentOffset, source: from, destination: to } = parsed.value;
  if (fragmentOffset > 0 || quoted.length < start + QUOTED) return false;
  if (!from.equals(source) || !to.equals(request.destination)) return false;
  const last = sent - 1;
  if (request.method === 'udp') {
    if (protocol !== Protocol.UDP) return false;
    return readU16(quoted, start) === mark && readU16(quoted, start + 2) === portOf(request, last);
  }
  if (protocol !== (to.family === 4 ? Protocol.ICMP : Protocol.ICMPV6)) return false;
  const isRequest = quoted[start] === ECHO_REQUEST[to.family];
  return isRequest && readU16(quoted, start + 4) === mark && readU16(quoted, start + 6) === (last & 0xffff);
}
