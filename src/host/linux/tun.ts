/** TUN devices: packets that the kernel routes into them come to us, and what we write comes into the kernel by them. */
import { fail, ok, type Result, utf8 } from '../../base/index.ts';
import type { SystemFault } from '../system.ts';
import { Errno, systemFault } from './errno.ts';
import type { Libc } from './libc.ts';
import { FileFlag } from './socket-numbers.ts';

/** Of `linux/if_tun.h`. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x1;
const IFF_NO_PI = 0x1000;
/** Refuses a device that is there already, whoever made it. */
const IFF_TUN_EXCL = 0x8000;
const IFF_VNET_HDR = 0x4000;
const TUNSETOFFLOAD = 0x400454d0;
/** Checksums and segmentation of TCP are left to us; of UDP as well, where the kernel (6.2) knows that. */
export const Offload = { TCP: 0x01 | 0x02 | 0x04, UDP: 0x20 | 0x40 } as const;
const IFREQ = 40;
const IFREQ_FLAGS = 16;
const LONGEST_NAME = 15;

/**
 * Makes a device, down and without addresses, and answers its descriptor. It is gone when that is closed. With offloads
 * each packet has a header (`struct virtio_net_hdr`) before it, and may be a super-packet, either way.
 */
export function makeTun(libc: Libc, name: string, offloads = 0): Result<number, SystemFault> {
  const doing = `make the device ${name}`;
  if (!isName(name)) {
    return fail({
      call: 'ioctl',
      code: 'EINVAL',
      text: `Can not ${doing}: the kernel takes names of 1 to ${LONGEST_NAME} letters without "/", ":" and blanks.`,
    });
  }
  const fd = libc.open('/dev/net/tun', FileFlag.RDWR | FileFlag.NONBLOCK | FileFlag.CLOEXEC);
  if (fd < 0) return fail(systemFault('open', fd, `open /dev/net/tun to ${doing}`, deviceRemedy(-fd)));
  const request = new Uint8Array(IFREQ);
  request.set(utf8(name));
  new DataView(request.buffer).setUint16(
    IFREQ_FLAGS,
    IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | (offloads === 0 ? 0 : IFF_VNET_HDR),
    true,
  );
  const made = libc.ioctl(fd, TUNSETIFF, request);
  if (made >= 0) {
    if (offloads === 0) return ok(fd);
    const set = libc.ioctl(fd, TUNSETOFFLOAD, offloads);
    if (set >= 0) return ok(fd);
    libc.close(fd);
    return fail(systemFault('ioctl', set, `have the kernel leave segmentation to the device ${name}`));
  }
  libc.close(fd);
  const taken = made === -Errno.EBUSY || made === -Errno.EINVAL;
  return fail(systemFault('ioctl', made, doing, taken ? takenRemedy(name) : undefined));
}

function isName(name: string): boolean {
  // "%d" would be a pattern for the kernel to fill.
  return /^[^\s/:%]{1,15}$/.test(name) && utf8(name).length <= LONGEST_NAME && name !== '.' && name !== '..';
}

function deviceRemedy(errno: number): string | undefined {
  if (errno !== Errno.ENOENT && errno !== Errno.ENODEV && errno !== Errno.ENXIO) return undefined;
  return 'Load the module with "modprobe tun"; a container needs the device given (--device /dev/net/tun).';
}

function takenRemedy(name: string): string {
  return `There is an interface ${name} already, of another process or another kind: see it with "ip -d link show ${name}", and stop that process or delete it.`;
}
