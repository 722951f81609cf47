/**
 * The two windows of one IKE SA, each of size one (RFC 7296 section 2.3): the request that waits for its response,
 * and the last response, kept to answer a repeated request byte for byte (section 2.1).
 */
import { after, type Instant } from '../base/index.ts';
import type { Outgoing } from './fragments.ts';

/** How long to wait after each sending of a request; after the last wait the peer counts as dead. */
export type Schedule = readonly number[];

/**
 * Half as long again each time: eight sendings, given up after 49 seconds. Section 2.4 leaves the numbers to us but
 * wants them to grow; doubling gives up after so few sendings that a lossy path defeats it.
 */
export const NEGOTIATION_SCHEDULE: Schedule = [1_000, 1_500, 2_250, 3_375, 5_060, 7_590, 11_390, 17_090];

/** Our half: what we asked. */
export type Window =
  | Readonly<{ state: 'free'; nextId: number }>
  | Waiting
  | Readonly<{ state: 'dead'; nextId: number }>;
type Waiting = Readonly<{
  state: 'waiting';
  id: number;
  request: Outgoing;
  schedule: Schedule;
  tries: number;
  resendAt: Instant;
}>;

export type WindowEvent =
  | Readonly<{ kind: 'request'; message: Outgoing; schedule: Schedule }>
  | Readonly<{ kind: 'response'; id: number }>
  | Readonly<{ kind: 'tick' }>;
export type WindowEffect = Readonly<
  { kind: 'send'; message: Outgoing; times: number } | { kind: 'deliver' } | { kind: 'peer-dead'; tries: number }
>;
export type Step = Readonly<{ next: Window; effects: readonly WindowEffect[] }>;

/** A window whose next request has this message id. */
export function freeWindow(nextId: number): Window {
  return { state: 'free', nextId };
}

/** The window with its request cut into other datagrams (RFC 7383 section 2.5.2): what they carry is the same. */
export function withRequest(window: Window, request: Outgoing): Window {
  return window.state === 'waiting' ? { ...window, request } : window;
}

/** The window with its request sent anew at this moment, all its waits before it. */
export function restarted(window: Extract<Window, { state: 'waiting' }>, now: Instant): Window {
  return { ...window, tries: 1, resendAt: after(now, window.schedule[0] ?? 0) };
}

/** How often the request that waits was sent. */
export function timesSent(window: Window): number {
  return window.state === 'waiting' ? window.tries : 0;
}

/** Next state and what to do. A request while another waits is our own mistake. */
export function step(window: Window, event: WindowEvent, now: Instant): Step {
  switch (window.state) {
    case 'free':
      return stepFree(window, event, now);
    case 'waiting':
      return stepWaiting(window, event, now);
    case 'dead':
      return stay(window);
    default:
      return window satisfies never;
  }
}

/** Message id of the next new request. */
export function nextRequestId(window: Window): number {
  return window.state === 'waiting' ? window.id + 1 : window.nextId;
}

/** When the window needs a tick. */
export function windowWakeAt(window: Window): Instant | undefined {
  return window.state === 'waiting' ? window.resendAt : undefined;
}

function stepFree(window: Extract<Window, { state: 'free' }>, event: WindowEvent, now: Instant): Step {
  if (event.kind !== 'request') return stay(window);
  const { message, schedule } = event;
  return {
    next: {
      state: 'waiting',
      id: window.nextId,
      request: message,
      schedule,
      tries: 1,
      resendAt: after(now, schedule[0] ?? 0),
    },
    effects: [{ kind: 'send', message, times: 1 }],
  };
}

function stepWaiting(window: Waiting, event: WindowEvent, now: Instant): Step {
  if (event.kind === 'request') throw new Error('a request is sent while another one waits');
  if (event.kind === 'response') {
    if (event.id !== window.id) return stay(window);
    return { next: freeWindow(window.id + 1), effects: [{ kind: 'deliver' }] };
  }
  if (now < window.resendAt) return stay(window);
  const wait = window.schedule[window.tries];
  if (wait === undefined) {
    return { next: { state: 'dead', nextId: window.id + 1 }, effects: [{ kind: 'peer-dead', tries: window.tries }] };
  }
  // Byte for byte the same request: section 2.1 forbids rebuilding it.
  const times = window.tries + 1;
  const next = { ...window, tries: times, resendAt: after(now, wait) };
  return { next, effects: [{ kind: 'send', message: window.request, times }] };
}

function stay(window: Window): Step {
  return { next: window, effects: [] };
}

/** The peer's half: which request comes next, and what we answered to the one before. */
export type ResponseCache = Readonly<{
  nextId: number;
  last?: Outgoing;
  /** How often that was asked for again. */
  repeats?: number;
}>;

/** What a request with this id is: to be handled, to be answered as before, or not ours to answer. */
export function classifyRequest(cache: ResponseCache, id: number): 'new' | 'repeated' | 'old' | 'future' {
  if (id === cache.nextId) return 'new';
  if (id > cache.nextId) return 'future';
  return id === cache.nextId - 1 && cache.last !== undefined ? 'repeated' : 'old';
}

/** The cache after answering the request it waited for. */
export function answered(cache: ResponseCache, response: Outgoing): ResponseCache {
  return { nextId: cache.nextId + 1, last: response };
}
