/**
 * Canned answers about the configuration. It is a real one: it is checked, tried, kept and
 * taken back as the box would, with the firmware's own parts where they touch no machine.
 */

import { checkAnswer } from '../../../firmware/gateway/check-answer.ts'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { renderConfig } from '../../../firmware/host/config/render.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { CausewayError, errorTable } from '../../../firmware/model/errors.ts'
import type { Status } from '../../../firmware/model/local-api.ts'
import type {
  ApplyRequest,
  CheckAnswer,
  CheckRequest,
  ConfigAnswer,
  HistoryEntry,
} from '../../../firmware/model/local-api-config.ts'
import type { Canned, CannedBox } from './canned.ts'
import { CannedError } from './canned.ts'
import { statusOf } from './site.ts'
import { siteConfig as config } from './site-config.ts'

/** Of one fake box. */
interface Place {
  text: string
  readonly entries: HistoryEntry[]
  candidate: { readonly text: string; readonly endsAtMs: number } | null
  last: ConfigAnswer['lastChange']
}

const places = new WeakMap<CannedBox, Place>()

function placeOf(box: CannedBox): Place {
  const known = places.get(box)
  if (known !== undefined) return known
  if (box.scene.site === 'blank')
    return kept(box, { text: '', entries: [], candidate: null, last: null })
  const text = renderConfig(config, 'Written by hand; see CONFIG.md.').replace(
    'up: 40M',
    'up: 40M # as the provider says',
  )
  const before = text.replace('revision: 42', 'revision: 41').replace('vni: 300', 'vni: 310')
  const entries = [entryOf(42, 2, text, true), entryOf(41, 1, before, false)]
  return kept(box, { text, entries, candidate: null, last: null })
}

function kept(box: CannedBox, place: Place): Place {
  places.set(box, place)
  const { status } = box
  // Its status tells of a change as the box's would.
  box.status = () => ({ ...status(), ...pendingOf(place), ...(isBlank ? firstOf(place) : {}) })
  const isBlank = place.text === ''
  return place
}

/** What a box that had no configuration says of the first one. */
function firstOf({ candidate, text }: Place): Partial<Status> {
  const { config: first } = parseDeviceConfig(candidate?.text ?? text)
  if (first === null) return {}
  const { uplinks } = statusOf({ site: 'well' })
  return {
    ...{ site: first.site, configSource: candidate === null ? 'file' : 'candidate' },
    ...{ isHealthy: true, health: 'all is well', problems: [] },
    uplinks: first.uplinks.map(({ name, nic }) => ({ ...uplinks[0]!, name, nic })),
  }
}

function entryOf(revision: number, number: number, text: string, isRunning: boolean): HistoryEntry {
  const savedAt = new Date(Date.UTC(2026, 10, 20 + number, 9, 30)).toISOString()
  const sha256 = String(revision).padStart(64, '0')
  return { number, revision, origin: 'apply', savedAt, sha256, isRunning, text }
}

function revisionOf(text: string): number {
  return Number(/revision: (\d+)/.exec(text)?.[1] ?? 0)
}

function pendingOf({ candidate, text }: Place) {
  if (candidate === null) return { revision: revisionOf(text), pendingChange: null }
  const revision = revisionOf(candidate.text)
  const remainingSeconds = Math.max(0, Math.ceil((candidate.endsAtMs - Date.now()) / 1000))
  return { revision, pendingChange: { revision, phase: 'waiting' as const, remainingSeconds } }
}

function shown(place: Place): ConfigAnswer {
  const text = place.candidate?.text ?? place.text
  const { revision, pendingChange } = pendingOf(place)
  return {
    ...{ source: place.candidate === null ? 'file' : 'candidate', revision, pendingChange, text },
    sha256: String(revision).padStart(64, '0'),
    nextRevision: Math.max(0, ...place.entries.map((one) => one.revision)) + 1,
    lastChange: place.last,
    refusals: [],
  }
}

function checked(place: Place, { text }: CheckRequest): CheckAnswer {
  const read = (): DeviceConfig => {
    const { config: found, errors } = parseDeviceConfig(text)
    if (found !== null) return found
    throw new CausewayError(errors[0]!.code, errors[0]!.message, { errors })
  }
  const { nextRevision } = shown(place)
  return checkAnswer(read, { running: parseDeviceConfig(place.text).config, nextRevision })
}

function take(box: CannedBox, { text, confirmSeconds }: ApplyRequest): void {
  const place = placeOf(box)
  const [problem] = checked(place, { text }).problems
  if (problem !== undefined) {
    const code = problem.code as keyof typeof errorTable
    throw new CannedError(errorTable[code].http, code, problem.message)
  }
  const candidate = { text, endsAtMs: Date.now() + confirmSeconds * 1000 }
  place.candidate = candidate
  const revision = revisionOf(text)
  box.tell({ kind: 'change', revision, step: 'in-place', remainingSeconds: confirmSeconds })
  const late = setTimeout(() => {
    if (place.candidate === candidate) end(box, false, 'nobody confirmed it in time')
  }, confirmSeconds * 1000)
  late.unref()
}

function end(box: CannedBox, isKept: boolean, why = ''): void {
  const place = placeOf(box)
  const { candidate } = place
  if (candidate === null) throw new CannedError(409, 'CONFIG_NOT_PENDING', 'no change waits')
  const revision = revisionOf(candidate.text)
  place.candidate = null
  if (isKept) {
    place.text = candidate.text
    const older = place.entries.map((entry) => ({ ...entry, isRunning: false }))
    place.entries.splice(
      0,
      place.entries.length,
      entryOf(revision, older.length + 1, place.text, true),
      ...older,
    )
    box.tell({ kind: 'change', revision, step: 'confirmed' })
    return
  }
  const reason = { code: 'CONFIG_UNCONFIRMED', message: why } as const
  place.last = { revision, result: 'taken-back', reason }
  box.tell({ kind: 'change', revision, step: 'taken-back', reason })
}

const second = (box: CannedBox) => {
  const { revision, pendingChange } = shown(placeOf(box))
  return { revision, pendingChange }
}

export const configAnswers: Canned = {
  'GET /api/v1/config': ({ box }) => shown(placeOf(box)),
  'POST /api/v1/config/check': ({ box, body }) => checked(placeOf(box), body as CheckRequest),
  'POST /api/v1/config/apply': ({ box, body }) => {
    take(box, body as ApplyRequest)
    return second(box)
  },
  'POST /api/v1/config/confirm': ({ box }) => {
    end(box, true)
    return second(box)
  },
  'POST /api/v1/config/rollback': ({ box }) => {
    end(box, false, 'somebody took it back')
    return second(box)
  },
  'GET /api/v1/config/history': ({ box }) => ({
    entries: placeOf(box).entries.map(({ text: _, ...head }) => head),
  }),
  'GET /api/v1/config/history/:number': ({ box, params }) => {
    const entry = placeOf(box).entries.find(({ number }) => number === Number(params.number))
    if (entry === undefined) throw new CannedError(404, 'API_NOT_FOUND', 'there is no such entry')
    return entry
  },
}
