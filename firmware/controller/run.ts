/** The controller process on a real machine: builds what controller.ts is given and starts it. */
import { randomBytes } from 'node:crypto'
import { systemClock } from '../host/clock/system.ts'
import { openLevelTable } from '../host/store/level-table.ts'
import { openStore } from '../host/store/ordered-store.ts'
import { makePrivateFolder, readIfThere, replaceFile } from '../host/system/file.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'
import { bindUdp } from '../host/udp/system.ts'
import type { UdpAddress } from '../host/udp/udp.ts'
import { formatEndpoint } from '../model/address.ts'
import type { CausewayError } from '../model/errors.ts'
import { type Controller, openController } from './controller.ts'
import { openOwner } from './owner.ts'
import { StunDesk } from './stun-desk.ts'
import type { Tokens } from './tokens.ts'

export interface RunOptions {
  readonly places: Pick<Places, 'keyFolder' | 'storeFolder' | 'setupToken' | 'firmwareFolder'>
  readonly host: string
  readonly port: number
  /** Where STUN is answered; a place that is taken is said, and done without. */
  readonly stun: UdpAddress
  readonly names: readonly string[]
}

/** Time enough to make the first user. */
const setupMs = 24 * 3_600_000

export interface RunningController extends Controller {
  /**
   * Why the process is to end and begin anew: its store has failed to write, and what it takes for true may not be on the disk.
   * Nothing that runs needs a controller, and what a start reads is whole.
   */
  readonly failed: Promise<CausewayError>
}

/** @throws STORE_ errors, API_IN_USE */
export async function runController(
  { places, host, port, stun, names }: RunOptions,
  log: Log,
): Promise<RunningController> {
  const owner = await openOwner(places.keyFolder, names, Date.now())
  await makePrivateFolder(places.storeFolder)
  const failed = Promise.withResolvers<CausewayError>()
  const store = await openStore(await openLevelTable(places.storeFolder), failed.resolve)
  const clock = systemClock()
  const { firmwareFolder } = places
  const parts = { store, owner, log, host, port, clock, wallMs: Date.now, firmwareFolder }
  const controller = await openController({ ...parts, random: (bytes) => randomBytes(bytes) })
  const socket = await bindUdp(stun).catch((error: Error) => {
    const detail = `${formatEndpoint(stun)}: ${error.message}`
    log.warn({ detail }, 'answers no STUN: the place is not to be had')
    return null
  })
  const desk = socket === null ? null : new StunDesk(socket, clock)
  if (!(await controller.users.hasOwner())) {
    // No password is the default: whoever may read this file is who set the machine up.
    await provideSetup(controller.users.tokens, places.setupToken)
    log.info(
      { detail: places.setupToken },
      'nobody owns it yet: a token to make the first user is here',
    )
  }
  return {
    ...controller,
    failed: failed.promise,
    [Symbol.asyncDispose]: async () => {
      await desk?.[Symbol.asyncDispose]()
      await controller[Symbol.asyncDispose]()
    },
  }
}

/** One that still holds is kept: whoever has signed in by it goes on after a restart. */
async function provideSetup(tokens: Tokens, path: string): Promise<void> {
  const kept = (await readIfThere(path))?.trim()
  if (kept !== undefined && (await tokens.isSetup(kept))) return
  const token = await tokens.addSetup(Date.now() + setupMs)
  await replaceFile(path, `${token}\n`, 0o600)
}
