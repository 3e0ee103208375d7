/**
 * Starts the machine or this process anew, in order. A machine that is no appliance does other things too: its restart is its
 * administrator's. The mark is a file that the appliance's image brings.
 */
import { CausewayError } from '../../model/errors.ts'
import { run } from './command.ts'
import { hasFile } from './file.ts'

export interface Power {
  readonly isAppliance: () => Promise<boolean>
  /** Returns before it happens. @throws HOST_NO_APPLIANCE, HOST_COMMAND_ errors */
  readonly rebootMachine: () => Promise<void>
  /** The supervisor starts another one. Returns before it ends. */
  readonly restartGateway: () => void
}

/** Whoever asked has the answer by then. */
export const restartAfterMs = 1_000

/** A box that does other things at once takes tens of seconds to start a program. */
const orderMs = 60_000

/**
 * @param mark the file by which an appliance is known
 * @param onFailed an order to start the machine anew came to nothing; the next one follows
 */
export function openPower(mark: string, onFailed: (error: unknown) => void): Power {
  const isAppliance = (): Promise<boolean> => hasFile(mark)
  return {
    isAppliance,
    rebootMachine: async () => {
      if (!(await isAppliance())) throw noAppliance()
      setTimeout(() => void reboot(onFailed), restartAfterMs)
    },
    restartGateway: () => {
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), restartAfterMs)
    },
  }
}

/**
 * systemd takes it and goes on by itself: services end in their order. It is asked directly, without bus and logind, which a box that
 * is busy may not have soon; where even that comes to nothing services are not waited for; and last, another gateway may do better.
 */
async function reboot(onFailed: (error: unknown) => void): Promise<void> {
  const inOrder = ['--no-block', '--job-mode=replace-irreversibly', 'start', 'reboot.target']
  for (const order of [inOrder, ['--force', 'reboot']]) {
    try {
      await run(['systemctl', ...order], { timeoutMs: orderMs })
      return
    } catch (error) {
      onFailed(error)
    }
  }
  process.kill(process.pid, 'SIGTERM')
}

export function noAppliance(): CausewayError {
  const message = 'this machine is no appliance: its restart is its administrator’s'
  return new CausewayError('HOST_NO_APPLIANCE', message)
}
