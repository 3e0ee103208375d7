/** Devices that the kernel has found at the start and udev has not named yet. */
import { run } from '../system/command.ts'

/** Beyond what it waits for devices. */
const spareMs = 10_000

/** Once NICs have their drivers and names, or it takes longer than that. */
export async function settleDevices(mostSeconds: number): Promise<void> {
  const timeoutMs = mostSeconds * 1_000 + spareMs
  await run(['udevadm', 'settle', `--timeout=${mostSeconds}`], { timeoutMs }).catch(() => {})
}
