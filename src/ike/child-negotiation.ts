/** What a child SA shall be: offer, answer and acceptance, the same in IKE_AUTH and CREATE_CHILD_SA. */
import { fail, ok, type Result } from '../base/index.ts';
import { describeProposals, inShort } from './describe.ts';
import type { IkeFault } from './faults.ts';
import { acceptEsp, type EspSuite, offerEsp, selectEsp } from './negotiation.ts';
import { childSpiBytes, notify, pick, pickNotify } from './payloads.ts';
import type { ChildPolicy, TrafficSelector } from './policy.ts';
import { formatSelector, isSubset, narrow } from './selectors.ts';
import { NotifyType, type Payload } from './wire/message.ts';

/** What both ends will use. */
export type ChildTerms = Readonly<{
  suite: EspSuite;
  mode: 'tunnel' | 'transport';
  localSelectors: readonly TrafficSelector[];
  remoteSelectors: readonly TrafficSelector[];
}>;

/** SAi2, TSi, TSr and what goes before them; `group` 0: without key exchange. */
export function offerChild(policy: ChildPolicy, spi: number, group: number): readonly Payload[] {
  return [
    ...transportNotify(policy.mode),
    { kind: 'sa', proposals: offerEsp(policy.proposals, spi, group) },
    { kind: 'tsi', selectors: policy.localSelectors },
    { kind: 'tsr', selectors: policy.remoteSelectors },
  ];
}

type Refusal = Readonly<{ fault: IkeFault; text: string }>;
type Agreed = ChildTerms & Readonly<{ answer: (inboundSpi: number) => readonly Payload[] }>;

/**
 * The responder's choice. `group`: a number demands that key exchange, undefined takes what the peer wants, 0 none.
 * USE_TRANSPORT_MODE is repeated when we want it too; otherwise it is tunnel mode (section 1.3.1).
 */
export function agreeOnChild(
  policy: ChildPolicy,
  payloads: readonly Payload[],
  group: number | undefined,
): Result<Agreed, Refusal> {
  const offer = pick(payloads, 'sa');
  const tsi = pick(payloads, 'tsi');
  const tsr = pick(payloads, 'tsr');
  if (offer === undefined || tsi === undefined || tsr === undefined) {
    return fail({ fault: 'child-no-proposal-chosen', text: 'the request offers no child SA' });
  }
  const suite = selectEsp(policy.proposals, offer.proposals, group);
  if (suite === undefined) {
    const own = describeProposals(offerEsp(policy.proposals, 0, group));
    const text = `the peer offers ${inShort(describeProposals(offer.proposals))}; configured here: ${own}`;
    return fail({ fault: 'child-no-proposal-chosen', text });
  }
  const remoteSelectors = narrow(policy.remoteSelectors, tsi.selectors);
  const localSelectors = narrow(policy.localSelectors, tsr.selectors);
  if (remoteSelectors.length === 0 || localSelectors.length === 0) {
    const offered = `${inShort(describe(tsi.selectors))} === ${inShort(describe(tsr.selectors))}`;
    const own = `${describe(policy.remoteSelectors)} === ${describe(policy.localSelectors)}`;
    return fail({ fault: 'ts-unacceptable', text: `the peer offers ${offered}; configured here: ${own}` });
  }
  const isTransport = policy.mode === 'transport' && pickNotify(payloads, NotifyType.USE_TRANSPORT_MODE) !== undefined;
  const mode = isTransport ? 'transport' : 'tunnel';
  const answer = (inboundSpi: number): readonly Payload[] => [
    ...transportNotify(mode),
    { kind: 'sa', proposals: [{ ...suite.proposal, spi: childSpiBytes(inboundSpi) }] },
    { kind: 'tsi', selectors: remoteSelectors },
    { kind: 'tsr', selectors: localSelectors },
  ];
  return ok({ suite, mode, localSelectors, remoteSelectors, answer });
}

/** The responder's choice as we, the initiator, read it; undefined when it is not within our offer. */
export function readChildAnswer(
  policy: ChildPolicy,
  payloads: readonly Payload[],
  group: number,
): ChildTerms | undefined {
  const tsi = pick(payloads, 'tsi');
  const tsr = pick(payloads, 'tsr');
  const suite = acceptEsp(policy.proposals, pick(payloads, 'sa')?.proposals ?? [], group);
  if (suite === undefined || tsi === undefined || tsr === undefined) return undefined;
  const isWithin = isSubset(tsi.selectors, policy.localSelectors) && isSubset(tsr.selectors, policy.remoteSelectors);
  if (!isWithin || tsi.selectors.length === 0 || tsr.selectors.length === 0) return undefined;
  const isTransport = policy.mode === 'transport' && pickNotify(payloads, NotifyType.USE_TRANSPORT_MODE) !== undefined;
  return {
    suite,
    mode: isTransport ? 'transport' : 'tunnel',
    localSelectors: tsi.selectors,
    remoteSelectors: tsr.selectors,
  };
}

function transportNotify(mode: 'tunnel' | 'transport'): readonly Payload[] {
  return mode === 'transport' ? [notify(NotifyType.USE_TRANSPORT_MODE)] : [];
}

function describe(selectors: readonly TrafficSelector[]): string {
  return selectors.map(formatSelector).join(', ') || 'nothing';
}
