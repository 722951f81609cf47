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
const IFREQ = 40;
const IFREQ_FLAGS = 16;
const LONGEST_NAME = 15;

/** Makes a device, down and without addresses, and answers its descriptor. It is gone when that is closed. */
export function makeTun(libc: Libc, name: string): Result<number, SystemFault> {
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
  new DataView(request.buffer).setUint16(IFREQ_FLAGS, IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL, true);
  const made = libc.ioctl(fd, TUNSETIFF, request);
  if (made >= 0) return ok(fd);
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
