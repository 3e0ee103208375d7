/**
 * The slots of an appliance, written by RAUC (1.13), whose service checks signatures, writes and marks; this file asks it by its
 * command line. RAUC has the boot loader give the other slot up before it writes a byte, and try it once all is written, so that a
 * power cut or the end of this process leaves nothing half-written that could be started. An install outlives this process.
 */
import { CausewayError } from '../../model/errors.ts'
import type { RaucStatus } from '../../model/rauc-answer.ts'
import type { SlotNote } from '../../model/slot-note.ts'
import { imageVersionOf } from '../appliance/facts.ts'
import { readIfThere, removeFile } from '../system/file.ts'
import { byLine, follow } from '../system/follow.ts'
import type { Places } from '../system/places.ts'
import { readBoot } from './boot.ts'
import { isUnsigned, needFitting, raucStatusOf, readBundle } from './bundle.ts'
import { readSlotNote, writeSlotNote } from './note.ts'
import { callRauc, isBusy, raucFailed } from './rauc-call.ts'
import {
  hasGoneBack,
  isProven,
  otherThan,
  reasonOf,
  type SlotFacts,
  slotAnswers,
} from './slot-state.ts'
import type { Installing, SlotNews, Slots, Upload } from './slots.ts'
import { receiveUpdate, removeUpdate, type UpdateFile } from './update-file.ts'

export type RaucPlaces = Pick<Places, 'slotsProgram' | 'osRelease' | 'updateFolder' | 'slotNote'>

/** The route that waits for it takes as long. */
const installMs = 14 * 60_000

/** @param rauc the program, and options of it */
export function raucSlots(places: RaucPlaces, rauc: readonly string[] = ['rauc']): Slots {
  const { updateFolder, slotNote } = places
  // What a power cut left. An install may still be at it, for a gateway that is gone: it has it open.
  removeUpdate(updateFolder).catch(() => {})
  return {
    isSupported: true,
    list: async () => slotAnswers(await readFacts(places, rauc)),
    install: (update, installing) => install(places, rauc, update, installing),
    async markGood() {
      await mark(rauc, 'mark-good')
      const [{ current }, note] = await Promise.all([
        readBoot(places.slotsProgram),
        readSlotNote(slotNote),
      ])
      if (note === null || note.slot !== current || note.isProven) return
      await writeSlotNote(slotNote, { ...note, isProven: true, reasons: null })
    },
    rollBack: () => rollBack(places, rauc),
    news: () => news(places, rauc),
  }
}

async function install(
  places: RaucPlaces,
  rauc: readonly string[],
  update: Upload,
  { onProgress, before }: Installing,
): Promise<void> {
  const { boot, rauc: status, version } = await readFacts(places, rauc)
  if (status === null) throw busy()
  if (!isProven(boot)) {
    const message = `what runs, ${version ?? 'of an unknown version'}, has not proven itself yet`
    throw new CausewayError('UPDATE_NOT_PROVEN', message)
  }
  await using file = await receiveUpdate(places.updateFolder, update, (bytes) =>
    onProgress('receiving', bytes),
  )
  onProgress('checking', file.bytes)
  const bundle = await readBundle(rauc, file)
  needFitting(bundle, { compatible: status.compatible, version })
  const note: SlotNote = {
    ...{ version: 1, slot: otherThan(boot.current), update: bundle.version },
    ...{ from: version ?? '', before: before(), isProven: false, reasons: null, isTold: false },
  }
  await noted(places.slotNote, note, async () => {
    onProgress('writing', 0)
    await write(rauc, file, (percent) =>
      onProgress('writing', Math.round((file.bytes * percent) / 100)),
    )
  })
}

async function rollBack(places: RaucPlaces, rauc: readonly string[]): Promise<void> {
  const facts = await readFacts(places, rauc)
  if (facts.rauc === null) throw busy()
  const { name, state, reason } = slotAnswers(facts).find(({ isRunning }) => !isRunning)!
  if (state === 'bad' || state === 'empty') {
    const message = `there is nothing in slot ${name} to go back to: ${reason ?? 'it is empty'}`
    throw new CausewayError('UPDATE_NO_OTHER', message)
  }
  await mark(rauc, 'mark-active', 'other')
}

/** The note is there before anything can be tried, and the one of before again if nothing will be. */
async function noted(path: string, note: SlotNote, act: () => Promise<void>): Promise<void> {
  const former = await readSlotNote(path)
  await writeSlotNote(path, note)
  try {
    await act()
  } catch (error) {
    const goesOn = error instanceof CausewayError && error.code === 'HOST_COMMAND_TIMEOUT'
    if (!goesOn) await (former === null ? removeFile(path) : writeSlotNote(path, former))
    throw error
  }
}

/** @throws UPDATE_BUSY, UPDATE_REFUSED, HOST_COMMAND_ errors */
async function write(
  rauc: readonly string[],
  { path }: UpdateFile,
  onPercent: (percent: number) => void,
): Promise<void> {
  let lastError = ''
  const onData = byLine((line) => {
    const [, percent] = /^\s*(\d{1,3})% /.exec(line) ?? []
    if (percent !== undefined) onPercent(Math.min(100, Number(percent)))
    const [, error] = /^LastError: (.+)/.exec(line) ?? []
    if (error !== undefined) lastError = error.slice(0, 400)
  })
  const signal = new AbortController().signal
  const { code, said } = await follow([...rauc, 'install', path], {
    ...{ timeoutMs: installMs, signal, onData },
  })
  if (code === 0) return
  const detail = lastError === '' ? said : lastError
  if (isBusy({ said })) throw busy()
  // 3: it was told that its time is up. Its service goes on, whatever becomes of it.
  if (code === null || code === 3) {
    const message = `the update was not seen to its end within ${installMs / 60_000} minutes: it may still be written`
    throw new CausewayError('HOST_COMMAND_TIMEOUT', message, { detail })
  }
  // 2: its service does not answer.
  if (code === 2) throw new CausewayError('HOST_COMMAND_FAILED', 'RAUC does not answer', { detail })
  const message = isUnsigned(detail)
    ? 'this update is not signed by whom this machine trusts, or was changed'
    : 'the update is damaged, or cannot be written: the other slot is of no use until one is installed'
  throw new CausewayError('UPDATE_REFUSED', message, { detail })
}

async function news(places: RaucPlaces, rauc: readonly string[]): Promise<SlotNews | null> {
  const { slotNote } = places
  if ((await readSlotNote(slotNote))?.isTold !== false) return null
  const facts = await readFacts(places, rauc)
  const { note } = facts
  if (note === null || note.isTold || !(note.isProven || hasGoneBack(facts))) return null
  await writeSlotNote(slotNote, { ...note, isTold: true })
  const { update: version, isProven: isKept } = note
  return { version, isProven: isKept, reason: isKept ? null : reasonOf(note) }
}

/** @throws HOST_ errors */
async function readFacts(places: RaucPlaces, rauc: readonly string[]): Promise<SlotFacts> {
  const [boot, status, release, note] = await Promise.all([
    readBoot(places.slotsProgram),
    readStatus(rauc),
    readIfThere(places.osRelease),
    readSlotNote(places.slotNote),
  ])
  return { boot, rauc: status, version: imageVersionOf(release ?? ''), note }
}

/** Null: it is busy. */
async function readStatus(rauc: readonly string[]): Promise<RaucStatus | null> {
  const end = await callRauc([...rauc, 'status', '--detailed', '--output-format=json'])
  if (end.code === 0) return raucStatusOf(end.out)
  if (isBusy(end)) return null
  throw raucFailed(end, 'tell of the slots')
}

/** @throws UPDATE_BUSY, HOST_ errors */
async function mark(rauc: readonly string[], ...words: readonly string[]): Promise<void> {
  const end = await callRauc([...rauc, 'status', ...words])
  if (end.code === 0) return
  throw isBusy(end) ? busy() : raucFailed(end, 'mark a slot')
}

function busy(): CausewayError {
  return new CausewayError('UPDATE_BUSY', 'an update is being written')
}
