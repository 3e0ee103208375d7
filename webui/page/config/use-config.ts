/**
 * The configuration that a page shows and changes: that of the draft where there is one, else what runs. Edits go into the draft;
 * nothing reaches the box before it is reviewed.
 */
import { useRef } from 'preact/hooks'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { isDeviceConfig } from '../../../firmware/model/device-config-check.ts'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import { beginDraft } from '../../config/draft.ts'
import { withEdits } from '../../config/draft-edit.ts'
import { applied, type Edit } from '../../config/edit.ts'
import { type Problem, problemsOfValue } from '../../config/problems.ts'
import { valueOfText } from '../../config/text.ts'
import { useAnswer } from '../../live/answer.ts'
import type { CallError } from '../../live/call.ts'
import { draft } from '../../live/draft.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'

export type Configuration =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: CallError }
  /** None runs, or the draft's text is none that forms could show. */
  | { readonly kind: 'none' | 'unsound' }
  | SoundConfiguration

export interface SoundConfiguration {
  readonly kind: 'sound'
  readonly config: DeviceConfig
  /** Not for viewers, and not while a change waits to be kept. */
  readonly mayEdit: boolean
  readonly edit: (edits: readonly Edit[]) => void
  /** What edits would make wrong that is not wrong already. */
  readonly problemsAfter: (edits: readonly Edit[]) => readonly Problem[]
}

export function useConfig(): Configuration {
  const { value: answer, error } = useAnswer<ConfigAnswer>('/config')
  const text = draft.value?.text ?? answer?.text
  if (answer === null || text === undefined) {
    return error === null ? { kind: 'loading' } : { kind: 'failed', error }
  }
  if (text === '') return { kind: 'none' }
  const { value, problems } = read(text)
  if (!isDeviceConfig(value)) return { kind: 'unsound' }
  return {
    kind: 'sound',
    config: value,
    mayEdit: may('config.write') && (status.value?.pendingChange ?? null) === null,
    edit: (edits) => {
      const now = withEdits(draft.peek() ?? beginDraft(answer), edits)
      draft.value = now.text === now.base ? null : now
    },
    problemsAfter: (edits) => {
      const known = new Set(problems.map(keyOf))
      return problemsOfValue(edits.reduce(applied, value)).filter((one) => !known.has(keyOf(one)))
    },
  }
}

/** As it was when a form was opened: its entry is that one, whatever others do meanwhile. */
export function useOpened({ config }: SoundConfiguration): DeviceConfig {
  return useRef(config).current
}

interface Reading {
  readonly text: string
  readonly value: unknown
  readonly problems: readonly Problem[]
}

/** Of the text that was read last: many parts of a page ask for the same. */
let last: Reading | null = null

function read(text: string): Reading {
  if (last?.text === text) return last
  const value = valueOfText(text)
  last = { text, value, problems: value === undefined ? [] : problemsOfValue(value) }
  return last
}

function keyOf({ code, path, message }: Problem): string {
  return `${code} ${path} ${message}`
}
