/** Sends whole IP packets by one raw socket of each family: the kernel routes them and changes nothing in them. */
import { type Family, fail, IpAddress, ok, type Result } from '../../base/index.ts';
import type { SystemFault } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { bindToDevice, setInteger } from './listener.ts';
import { domainOf, writeSockaddr } from './sockaddr.ts';
import {
  IpOption,
  Ipv6Option,
  Level,
  MessageFlag,
  PMTUDISC_PROBE,
  SocketOption,
  SocketType,
} from './socket-numbers.ts';

export type SendOutcome = 'outer-sent' | SendFault;
export type SendFault =
  | 'outer-malformed-sent'
  | 'outer-buffers-full'
  | 'outer-unreachable'
  | 'outer-too-big'
  | 'outer-refused'
  | 'outer-failed';

const IPPROTO_RAW = 255;
const QUEUE = 4 << 20;

// A message header, the destination, what is to be told of the source, one vector, and the packet.
const NAME = 64;
const CONTROL = 96;
const VECTOR = 144;
const DATA = 160;
const LARGEST = 65_575;

export class OuterSender {
  readonly #libc: Libc;
  readonly #family: Family;
  readonly #fd: number;
  readonly #scopeOf: (source: IpAddress) => number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;

  private constructor(libc: Libc, family: Family, fd: number, scopeOf: (source: IpAddress) => number) {
    this.#libc = libc;
    this.#family = family;
    this.#fd = fd;
    this.#scopeOf = scopeOf;
    const buffer = new ArrayBuffer(DATA + LARGEST);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#base = libc.addressOf(buffer);
    this.#layOut();
  }

  /**
   * `scopeOf` finds the interface that has a source address, for destinations that are link-local; `vrf` is the device
   * of the VRF that it sends in.
   */
  static open(
    libc: Libc,
    family: Family,
    scopeOf: (source: IpAddress) => number,
    vrf?: string,
  ): Result<OuterSender, SystemFault> {
    const fd = libc.socket(domainOf(family), SocketType.RAW | SocketType.CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return fail(systemFault('socket', fd, `open a raw socket to send IPv${family}`));
    const inVrf = bindToDevice(libc, fd, vrf);
    if (inVrf < 0) {
      libc.close(fd);
      return fail(systemFault('setsockopt', inVrf, `send in the VRF device ${vrf}`));
    }
    // The plane keeps path MTUs itself and cuts packets itself; the kernel is to bring out what it is given.
    if (family === 4) setInteger(libc, fd, Level.IP, IpOption.MTU_DISCOVER, PMTUDISC_PROBE);
    else setInteger(libc, fd, Level.IPV6, Ipv6Option.MTU_DISCOVER, PMTUDISC_PROBE);
    if (setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUFFORCE, QUEUE) < 0) {
      setInteger(libc, fd, Level.SOCKET, SocketOption.SNDBUF, QUEUE);
    }
    return ok(new OuterSender(libc, family, fd, scopeOf));
  }

  send(packet: Uint8Array): SendOutcome {
    const header = this.#family === 4 ? 20 : 40;
    if (packet.length < header || packet.length > LARGEST) return 'outer-malformed-sent';
    const [source, destination] = addressesOf(packet, this.#family);
    this.#bytes.set(packet, DATA);
    this.#view.setBigUint64(VECTOR + 8, BigInt(packet.length), true);
    const scope = destination.isLinkLocal || destination.isMulticast ? this.#scopeOf(source) : 0;
    writeSockaddr(this.#bytes, NAME, destination, 0, scope);
    this.#writeSource(source, scope);
    let sent = this.#sendmsg(true);
    // The source is no address of this machine (any more): send it all the same, routed by destination alone.
    if (sent === -Errno.EINVAL) sent = this.#sendmsg(false);
    return sent >= 0 ? 'outer-sent' : outcomeOf(-sent);
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  #sendmsg(withSource: boolean): number {
    this.#view.setBigUint64(32, withSource ? BigInt(this.#base + CONTROL) : 0n, true);
    this.#view.setBigUint64(40, withSource ? BigInt(this.#family === 4 ? 32 : 40) : 0n, true);
    return this.#libc.sendmsg(this.#fd, this.#base, MessageFlag.DONTWAIT);
  }

  /** `in_pktinfo` or `in6_pktinfo`: so that routing rules about the source (`ip rule add from`) hold for us too. */
  #writeSource(source: IpAddress, scope: number): void {
    if (this.#family === 4) {
      source.write(this.#bytes, CONTROL + 20);
      return;
    }
    source.write(this.#bytes, CONTROL + 16);
    this.#view.setUint32(CONTROL + 32, scope, true);
  }

  #layOut(): void {
    const pointer = (at: number, to: number): void => this.#view.setBigUint64(at, BigInt(this.#base + to), true);
    pointer(0, NAME);
    this.#view.setUint32(8, this.#family === 4 ? 16 : 28, true);
    pointer(16, VECTOR);
    this.#view.setBigUint64(24, 1n, true);
    pointer(VECTOR, DATA);
    this.#view.setBigUint64(CONTROL, this.#family === 4 ? 28n : 36n, true);
    this.#view.setInt32(CONTROL + 8, this.#family === 4 ? Level.IP : Level.IPV6, true);
    this.#view.setInt32(CONTROL + 12, this.#family === 4 ? IpOption.PKTINFO : Ipv6Option.PKTINFO, true);
  }
}

function addressesOf(packet: Uint8Array, family: Family): readonly [IpAddress, IpAddress] {
  return family === 4
    ? [IpAddress.read(packet, 12, 4), IpAddress.read(packet, 16, 4)]
    : [IpAddress.read(packet, 8, 6), IpAddress.read(packet, 24, 6)];
}

function outcomeOf(errno: number): SendFault {
  switch (errno) {
    case Errno.EAGAIN:
    case Errno.ENOBUFS:
    case Errno.ENOMEM:
      return 'outer-buffers-full';
    case Errno.ENETUNREACH:
    case Errno.EHOSTUNREACH:
    case Errno.ENETDOWN:
    case Errno.EADDRNOTAVAIL:
    case Errno.ENODEV:
      return 'outer-unreachable';
    case Errno.EMSGSIZE:
      return 'outer-too-big';
    case Errno.EPERM:
    case Errno.EACCES:
      return 'outer-refused';
    default:
      return 'outer-failed';
  }
}
