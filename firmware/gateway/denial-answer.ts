/** A denial in the words of the local API. */
import { dropReasons } from '../model/drop-reason.ts'
import type { DenialAnswer } from '../model/local-api-denial.ts'
import type { PastDenial } from './denials.ts'

export function denialAnswer({ ageMs, ...denial }: PastDenial): DenialAnswer {
  return { ageSeconds: ageMs / 1000, ...denial, meaning: dropReasons[denial.reason] ?? '' }
}
