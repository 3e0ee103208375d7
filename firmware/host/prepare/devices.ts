/** Devices that the kernel has found at the start and udev has not named yet. */
import { run } from '../system/command.ts'

/** Longer, and a device that never answers would hold up a box whose NICs are long there. */
const mostSeconds = 8

/** Once NICs have their drivers and names, or it takes too long. */
export async function settleDevices(): Promise<void> {
  await run(['udevadm', 'settle', `--timeout=${mostSeconds}`]).catch(() => {})
}
