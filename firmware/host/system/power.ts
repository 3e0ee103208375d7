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

/** @param mark the file by which an appliance is known */
export function openPower(mark: string): Power {
  const isAppliance = (): Promise<boolean> => hasFile(mark)
  return {
    isAppliance,
    rebootMachine: async () => {
      if (!(await isAppliance())) throw noAppliance()
      // systemd takes it and goes on by itself: services end in their order.
      setTimeout(() => {
        run(['systemctl', '--no-block', 'reboot']).catch(() => process.kill(process.pid, 'SIGTERM'))
      }, restartAfterMs)
    },
    restartGateway: () => {
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), restartAfterMs)
    },
  }
}

export function noAppliance(): CausewayError {
  const message = 'this machine is no appliance: its restart is its administrator’s'
  return new CausewayError('HOST_NO_APPLIANCE', message)
}
