/** What to configure for a tunnel's sizes, and what breaks without it. */
import type { TunnelEnd } from './tunnel-case.ts';

export type MtuAdvice = Readonly<{
  /** What both directions take. */
  agreedMtu: number;
  agreedMss: number;
  commands: readonly Readonly<{ lines: readonly string[]; why: string }>[];
  /** What goes wrong as it is configured now. */
  breaks: readonly string[];
  notes: readonly string[];
}>;

type Sizes = Readonly<{
  platform: 'asa' | 'iosxe';
  tunnelMtu: number;
  plaintextMtu: number;
  pathMtu: number;
  outerMtu: number;
  /** It is GRE, whose outer header has no DF. */
  isGre?: boolean;
  configured: Readonly<{ mtu?: number; clampMss: number }>;
}>;

const IP_AND_TCP = 40;
/** What tunnels with GRE inside are mostly given, where it fits. */
const USUAL_MTU = 1400;
const GRE = 24;
const VXLAN = 50;

/** `farMtu`: what the other end takes toward us, where it is known. */
export function mtuAdvice(near: TunnelEnd, sizes: Sizes, farMtu: number | undefined): MtuAdvice {
  const agreedMtu = Math.min(sizes.tunnelMtu, farMtu ?? sizes.tunnelMtu, sizes.configured.mtu ?? sizes.tunnelMtu);
  const agreedMss = agreedMtu - IP_AND_TCP;
  return {
    agreedMtu,
    agreedMss,
    commands: commandsFor(near, sizes, agreedMtu),
    breaks: breaksOf(near, sizes, agreedMtu, farMtu),
    notes: notesOf(sizes, agreedMtu),
  };
}

/** The MTU that tunnels with GRE inside are given, fixed: the usual one where it fits, otherwise a round number below. */
export function fixedGreMtu(tunnelMtu: number): number {
  const room = tunnelMtu - GRE;
  return room >= USUAL_MTU ? USUAL_MTU : Math.floor(room / 10) * 10;
}

function commandsFor({ tunnel, source }: TunnelEnd, sizes: Sizes, mtu: number): MtuAdvice['commands'] {
  const { platform, configured, tunnelMtu, outerMtu, pathMtu } = sizes;
  const mss = mtu - IP_AND_TCP;
  const commands: { lines: string[]; why: string }[] = [];
  const clampIsRight = configured.clampMss > 0 && configured.clampMss <= mss;
  const mtuIsRight = configured.mtu === undefined ? mtu === tunnelMtu && pathMtu === outerMtu : configured.mtu <= mtu;
  if (platform === 'asa') {
    if (pathMtu < outerMtu && source?.alias !== undefined) {
      const why = `the way passes ${pathMtu} bytes and not ${outerMtu}, and nobody needs to learn it by losing packets`;
      commands.push({ lines: [`mtu ${source.alias} ${pathMtu}`], why });
    }
    if (!clampIsRight) {
      commands.push({ lines: [`sysopt connection tcpmss ${mss}`], why: 'segments fit the tunnel both ways' });
    }
    return commands;
  }
  const heading = `interface ${tunnel?.name ?? ''}`;
  if (!mtuIsRight) {
    commands.push({ lines: [heading, ` ip mtu ${mtu}`], why: 'the interface offers what both directions carry' });
  }
  if (!clampIsRight) {
    commands.push({ lines: [heading, ` ip tcp adjust-mss ${mss}`], why: 'segments fit the tunnel both ways' });
  }
  return commands;
}

function breaksOf({ device }: TunnelEnd, sizes: Sizes, mtu: number, farMtu: number | undefined): readonly string[] {
  const { configured, tunnelMtu, plaintextMtu, pathMtu, outerMtu } = sizes;
  const breaks: string[] = [];
  const { clampMss } = configured;
  if (clampMss === 0 || clampMss > mtu - IP_AND_TCP) {
    const announced = clampMss === 0 ? 'as hosts announce it, mostly 1460' : `${clampMss}`;
    breaks.push(
      `TCP: the MSS stays ${announced}, so segments with DF are too big for ${mtu} bytes; where ICMP is filtered, sessions open and then hang at the first full segment`,
    );
  }
  if (sizes.isGre === true && configured.mtu !== undefined && configured.mtu > tunnelMtu) {
    breaks.push(
      `${device.name}: an interface MTU of ${configured.mtu} offers more than the ${tunnelMtu} that fit: GRE does not copy DF, so packets between are cut behind it, whatever their DF says, and no source is ever told; where fragments are filtered that is a black hole`,
    );
  } else if (configured.mtu !== undefined && configured.mtu > plaintextMtu) {
    breaks.push(
      `${device.name}: an interface MTU of ${configured.mtu} offers more than the ${plaintextMtu} that fit: packets between are cut into two ESP packets each, or refused when they have DF`,
    );
  }
  if (pathMtu < outerMtu) {
    breaks.push(
      `the outer interface has ${outerMtu} and the way ${pathMtu}: the first large packets are lost until an ICMP error comes, and again every ten minutes when its word is forgotten; a filter of ICMP makes it a black hole`,
    );
  }
  const ownMtu = Math.min(tunnelMtu, configured.mtu ?? tunnelMtu);
  if (farMtu !== undefined && farMtu !== ownMtu) {
    breaks.push(
      `the two ends come to ${ownMtu} and ${farMtu} by rules of their own: what is between is cut or refused one way only`,
    );
  }
  return breaks;
}

function notesOf({ platform, tunnelMtu }: Sizes, mtu: number): readonly string[] {
  const fixed = fixedGreMtu(mtu);
  const vxlan = mtu - VXLAN - IP_AND_TCP;
  const clamp =
    platform === 'asa' ? `\`sysopt connection tcpmss ${vxlan}\`` : `\`ip tcp adjust-mss ${vxlan}\` there (on the BDI)`;
  return [
    `with GRE inside: \`ip mtu ${fixed}\` and \`ip tcp adjust-mss ${fixed - IP_AND_TCP}\` on the GRE tunnel; GRE does not copy DF, so path MTU discovery stops at it`,
    `with VXLAN inside: MTU ${tunnelMtu - VXLAN} where packets enter it, and ${clamp}; behind it no MSS can be changed`,
  ];
}
