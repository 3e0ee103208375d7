/** Updates of the firmware on their way into a slot: one at a time, bounded, with how far it is for whoever looks. */
import { unsupported } from '../host/slots/none.ts'
import type { Installing, SlotNews, Slots, Upload } from '../host/slots/slots.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import type { InstallProgress, SlotsAnswer } from '../model/local-api-slots.ts'

export interface FirmwareParts {
  readonly slots: Slots
  readonly before: Installing['before']
  /** What became of an update. */
  readonly onNews: (news: SlotNews) => void
  readonly onFault: (error: unknown) => void
}

export class Firmware {
  readonly #parts: FirmwareParts
  readonly #slots: Slots
  #install: InstallProgress | null = null
  #isInstalling = false

  constructor(parts: FirmwareParts) {
    this.#parts = parts
    this.#slots = parts.slots
  }

  /** Tells what became of an update that nobody was told of. Never fails. */
  async tellNews(): Promise<void> {
    try {
      const news = await this.#slots.news()
      if (news !== null) this.#parts.onNews(news)
    } catch (error) {
      this.#parts.onFault(error)
    }
  }

  /** @throws HOST_ errors */
  async show(): Promise<SlotsAnswer> {
    const slots = await this.#slots.list()
    return { isSupported: this.#slots.isSupported, slots: [...slots], install: this.#install }
  }

  /** @throws UPDATE_ errors, API_TOO_LARGE, HOST_ errors; then what runs has not changed */
  async install({ chunks, totalBytes }: Upload): Promise<SlotsAnswer> {
    if (this.#isInstalling) throw new CausewayError('UPDATE_BUSY', 'an update is on its way')
    // Nobody sends a gigabyte to hear that there is no place for it.
    if (!this.#slots.isSupported) throw unsupported()
    this.#isInstalling = true
    const say = (phase: InstallProgress['phase'], bytes: number, error: ErrorBody | null): void => {
      const shown = error === null ? null : { code: error.code, message: error.message }
      this.#install = { phase, bytes, totalBytes, error: shown }
    }
    let received = 0
    say('receiving', 0, null)
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        received += chunk.length
        yield chunk
      }
      if (totalBytes === null || received === totalBytes) return
      throw new CausewayError('UPDATE_TRUNCATED', 'the upload broke off')
    }
    try {
      await this.#slots.install(
        { chunks: counted(), totalBytes },
        {
          onProgress: (phase, bytes) => say(phase, bytes, null),
          before: this.#parts.before,
        },
      )
      say('done', received, null)
    } catch (error) {
      const coded =
        error instanceof CausewayError
          ? error
          : new CausewayError('UPDATE_TRUNCATED', 'the upload broke off', { cause: error })
      say('failed', received, coded.toJSON())
      throw coded
    } finally {
      this.#isInstalling = false
    }
    return this.show()
  }

  /** @throws UPDATE_UNSUPPORTED, HOST_ errors */
  async markGood(): Promise<SlotsAnswer> {
    await this.#slots.markGood()
    await this.tellNews()
    return this.show()
  }

  /** @throws UPDATE_UNSUPPORTED, UPDATE_NO_OTHER, UPDATE_BUSY, HOST_ errors */
  async rollBack(): Promise<SlotsAnswer> {
    if (this.#isInstalling) throw new CausewayError('UPDATE_BUSY', 'an update is on its way')
    await this.#slots.rollBack()
    return this.show()
  }
}
