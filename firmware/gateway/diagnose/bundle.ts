/**
 * The support bundle: what the box says of itself, in one archive, for whoever is to help from afar. Each part passes the last
 * look of scrub.ts, is bounded, and says so where it could not be had.
 */
import { type ArchivePart, archiveOf } from '../../host/diagnose/archive.ts'
import { CausewayError } from '../../model/errors.ts'
import { version } from '../../model/version.ts'
import { scrub } from './scrub.ts'

/** Of one part, in characters: its end is what is new. */
const mostPartChars = 1024 * 1024

export interface BundleParts {
  readonly instance: string
  /** Of the box's clock. */
  readonly wallMs: () => number
  /** By file name; what throws is told in its place. */
  readonly answers: Readonly<Record<string, () => unknown>>
  readonly facts: () => Promise<readonly ArchivePart[]>
  /** Such as must not be in it, in each form in which they could be written. */
  readonly secrets: () => readonly string[]
}

export interface Bundle {
  readonly name: string
  readonly bytes: Buffer
}

export class Bundles {
  readonly #parts: BundleParts
  #isBusy = false

  constructor(parts: BundleParts) {
    this.#parts = parts
  }

  /** @throws API_BUSY while one is made */
  async make(): Promise<Bundle> {
    if (this.#isBusy) throw new CausewayError('API_BUSY', 'another bundle is being made')
    this.#isBusy = true
    try {
      const { instance, wallMs } = this.#parts
      const at = new Date(wallMs())
      const name = `causeway-${instance}-${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
      const bytes = await archiveOf(name, await this.#texts(at), at.getTime() / 1000)
      return { name: `${name}.tar.gz`, bytes }
    } finally {
      this.#isBusy = false
    }
  }

  async #texts(at: Date): Promise<readonly ArchivePart[]> {
    const { instance, answers, facts, secrets } = this.#parts
    const about = { version, instance, madeAt: at.toISOString(), node: process.version }
    const told = Object.entries(answers).map(([name, answer]) => ({ name, text: textOf(answer) }))
    const kernel = (await facts()).map(({ name, text }) => ({ name: `kernel/${name}`, text }))
    const known = secrets()
    return [{ name: 'about.json', text: jsonText(about) }, ...told, ...kernel].map(
      ({ name, text }) => ({ name, text: bounded(scrub(text, known)) }),
    )
  }
}

function textOf(answer: () => unknown): string {
  try {
    const told = answer()
    return typeof told === 'string' ? told : jsonText(told)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    return `not to be had: ${error.code} ${error.message}\n`
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`
}

function bounded(text: string): string {
  if (text.length <= mostPartChars) return text
  return `[the first ${text.length - mostPartChars} characters are left out]\n${text.slice(-mostPartChars)}`
}
