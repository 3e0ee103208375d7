/**
 * `causeway usb DEVICE`: run by the supervisor when a stick is put in. Where controllers are goes to where the gateway looks for
 * it; an update that is newer than what runs is handed to the local API as anybody's would be, and the machine is started anew.
 */
import { askApi } from '../host/system/api-client.ts'
import { removeFile, replaceFile } from '../host/system/file.ts'
import { openToSend } from '../host/system/foreign-file.ts'
import { mountStick } from '../host/system/mount.ts'
import { findStickUpdate, readStickSettings, type StickUpdate } from '../host/system/stick.ts'
import { CausewayError } from '../model/errors.ts'
import { compareVersions, isFirmwareVersion } from '../model/firmware-version.ts'
import type { SlotAnswer, SlotsAnswer } from '../model/local-api-slots.ts'
import { lateMs, mostInstallMs, slotAnswerMs } from '../model/upkeep-limits.ts'
import { type Call, type ExitCode, exitCode, exitOf, Misuse, report } from './call.ts'

/** A stick may be in from the start: the gateway comes up, and what runs proves itself. */
const readyMs = 6 * 60_000
const lookMs = 2_000

export interface StickTimes {
  readonly readyMs: number
  readonly lookMs: number
}

export async function usb(call: Call, times: StickTimes = { readyMs, lookMs }): Promise<ExitCode> {
  const [, path, ...rest] = call.words
  if (path === undefined || rest.length > 0) throw new Misuse('usb takes one FOLDER or DEVICE')
  await using stick = await mountStick(path)
  const { folder } = stick
  // One that is wrong does not take the other along.
  const codes = [
    await coded(call, () => takeSettings(call, folder)),
    await coded(call, () => takeUpdate(call, folder, times)),
  ]
  return codes.find((code) => code !== exitCode.done) ?? exitCode.done
}

async function coded(call: Call, act: () => Promise<string | null>): Promise<ExitCode> {
  try {
    const done = await act()
    if (done !== null) call.output.out(call.isJson ? `${JSON.stringify({ done })}\n` : `${done}\n`)
    return exitCode.done
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    report([error.toJSON()], null, call)
    return exitOf(error.code)
  }
}

/** @throws ZTP_SETTINGS_INVALID, HOST_SYSTEM, STORE_WRITE_FAILED */
async function takeSettings({ places }: Call, folder: string): Promise<string | null> {
  // What an earlier stick said is over, whatever this one says.
  await removeFile(places.usbSettings)
  const settings = await readStickSettings(folder)
  if (settings === null) return null
  // JSON is YAML.
  await replaceFile(places.usbSettings, `${JSON.stringify(settings)}\n`)
  const { controllers = [], roots = [] } = settings
  return `taken from the stick: ${controllers.length} controllers, ${roots.length} roots`
}

/** @throws UPDATE_, API_, HOST_ errors */
async function takeUpdate(call: Call, folder: string, times: StickTimes): Promise<string | null> {
  const update = await findStickUpdate(folder)
  if (update === null) return null
  const { apiSocket } = call.places
  const slots = await readySlots(apiSocket, times)
  const why = leftAlone(update, slots)
  if (why !== null) return why
  await using file = await openToSend(update.path)
  if (file === null) return null
  const body = await askApi(apiSocket, '/api/v1/slots/install', {
    ...{ file, timeoutMs: mostInstallMs + lateMs },
  })
  const found = (JSON.parse(body) as SlotsAnswer).slots.find(({ isRunning }) => !isRunning)?.version
  // By its name it would be taken anew after each start, and the machine restarted each time.
  if (found !== update.version) {
    const message = `the file is called ${update.version} and holds ${found}: the machine does not start anew for it`
    throw new CausewayError('UPDATE_REFUSED', message)
  }
  await askApi(apiSocket, '/api/v1/system/restart', { post: { what: 'machine' } })
  return `installed from the stick: ${update.version}; the machine starts anew`
}

/** Why an update stays on the stick; null: it is taken. */
function leftAlone({ version }: StickUpdate, slots: readonly SlotAnswer[]): string | null {
  const running = slots.find(({ isRunning }) => isRunning)?.version ?? null
  if (running !== null && isFirmwareVersion(running) && compareVersions(version, running) <= 0) {
    return `the update on the stick, ${version}, is no newer than what runs, ${running}`
  }
  const other = slots.find(({ isRunning }) => !isRunning)
  if (other?.version !== version) return null
  if (other.isNext) return `the update on the stick, ${version}, waits for the next start`
  // Else it would be tried at each start, as long as the stick is in.
  const why = other.reason ?? 'somebody went back from it'
  return `the update on the stick, ${version}, was here before: ${why}. To try it again: causeway slots install`
}

/** Once the gateway answers and what runs has proven itself, or the time is up. @throws API_ and HOST_ errors */
async function readySlots(socket: string, times: StickTimes): Promise<readonly SlotAnswer[]> {
  const endMs = performance.now() + times.readyMs
  for (;;) {
    const isLate = performance.now() + times.lookMs >= endMs
    try {
      const body = await askApi(socket, '/api/v1/slots', { timeoutMs: slotAnswerMs + lateMs })
      const { slots, isSupported } = JSON.parse(body) as SlotsAnswer
      const isReady = slots.some(({ isRunning, state }) => isRunning && state === 'good')
      // What is not ready says so itself when the update comes.
      if (isReady || !isSupported || isLate) return slots
    } catch (error) {
      const isAway = error instanceof CausewayError && exitOf(error.code) === exitCode.unreachable
      if (!isAway || isLate) throw error
    }
    await new Promise((next) => setTimeout(next, times.lookMs))
  }
}
