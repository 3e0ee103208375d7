/**
 * The firmware that a controller has for boxes: files on its disk, and in the store under `firmware/VERSION/ARCHITECTURE` what each
 * says of itself. The controller trusts none and needs no key: a box judges the signature, and takes nothing older than it runs.
 */
import type { Asked } from '../host/api/route.ts'
import type { FirmwareFolder, SavedFile } from '../host/firmware/files.ts'
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import { type FirmwareAnswer, type FirmwareFile, mostFirmwareFiles } from '../model/rollout.ts'
import { mostUpdateBytes } from '../model/upkeep-limits.ts'
import { manifestOf, messageBytes, tailBytes } from '../wire/firmware-file.ts'
import { commitAudited, systemTenant } from './audit.ts'
import { firmwareKey } from './keys.ts'

type Upload = NonNullable<Asked['upload']>

export interface FirmwareParts {
  readonly store: Store
  readonly folder: FirmwareFolder
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  /** A rollout still needs it. */
  readonly isNeeded: (version: string) => Promise<boolean>
}

export class FirmwareShelf {
  readonly #parts: FirmwareParts
  /** One at a time: each may be a gigabyte. */
  #isAdding = false

  constructor(parts: FirmwareParts) {
    this.#parts = parts
  }

  /** What a crash has left, and what the store does not know of. @throws STORE_ errors, the system's error */
  async tidy(): Promise<void> {
    const { folder } = this.#parts
    await folder.clear()
    const known = new Set((await this.list()).map(({ sha256 }) => sha256))
    for (const sha256 of await folder.list()) if (!known.has(sha256)) await folder.remove(sha256)
  }

  /** @throws STORE_ errors */
  async list(): Promise<FirmwareFile[]> {
    const files: FirmwareFile[] = []
    for await (const { value } of entriesBelow(this.#parts.store, firmwareKey(''))) {
      files.push(JSON.parse(value) as FirmwareFile)
    }
    return files
  }

  async answer(): Promise<FirmwareAnswer> {
    const there = new Set(await this.#parts.folder.list())
    const files = await this.list()
    return { files: files.map((one) => ({ ...one, isThere: there.has(one.sha256) })) }
  }

  /**
   * The same file once more is no other one: it is put where it is missing.
   * @throws UPDATE_REFUSED it is no firmware file; STORE_CONFLICT another one has its version; API_BUSY; STORE_WRITE_FAILED
   */
  async add(by: string, { chunks, totalBytes }: Upload): Promise<FirmwareFile> {
    if (this.#isAdding) throw new CausewayError('API_BUSY', 'another file is on its way')
    this.#isAdding = true
    try {
      await this.#parts.folder.needRoom(totalBytes ?? mostUpdateBytes)
      return await this.#parts.folder.save(chunks, (file) => this.#take(by, file))
    } catch (error) {
      if (error instanceof CausewayError) throw error
      // Whoever sent it has gone.
      throw new CausewayError('UPDATE_TRUNCATED', 'the upload broke off', { cause: error })
    } finally {
      this.#isAdding = false
    }
  }

  /** Of all architectures. @throws API_NOT_FOUND; STORE_CONFLICT a rollout still needs it */
  async remove(by: string, version: string): Promise<void> {
    const { store, folder, wallMs, isNeeded } = this.#parts
    const files = (await this.list()).filter((one) => one.version === version)
    if (files.length === 0) throw unknownVersion(version)
    if (await isNeeded(version)) {
      throw new CausewayError('STORE_CONFLICT', `a rollout of ${version} is under way: abort it`)
    }
    const changes = files.map((one) => ({ key: keyOf(one), value: null }))
    const event = { who: by, what: 'firmware.remove', target: `firmware/${version}`, code: null }
    await commitAudited(store, systemTenant, event, { conditions: [], changes }, wallMs())
    const kept = new Set((await this.list()).map(({ sha256 }) => sha256))
    for (const { sha256 } of files) if (!kept.has(sha256)) await folder.remove(sha256)
  }

  async #take(by: string, saved: SavedFile): Promise<FirmwareFile> {
    const { store, wallMs } = this.#parts
    const { sha256, bytes } = saved
    const said = await manifestIn(saved)
    const all = await this.list()
    const key = keyOf(said)
    const there = all.find((one) => keyOf(one) === key)
    if (there !== undefined && there.sha256 !== sha256) {
      const words = `there is another file of ${said.version} for ${said.architecture}`
      throw new CausewayError('STORE_CONFLICT', `${words}: remove it first`)
    }
    if (there === undefined && all.length >= mostFirmwareFiles) {
      const message = `there are ${mostFirmwareFiles} files already: remove one`
      throw new CausewayError('API_BUSY', message)
    }
    await saved.keep()
    if (there !== undefined) return there
    const file: FirmwareFile = { ...said, sha256, bytes, addedMs: Math.trunc(wallMs()), by }
    const changes = [{ key, value: JSON.stringify(file) }]
    const target = `firmware/${said.version}`
    const detail = `${said.architecture}, sha256 ${sha256}`
    const event = { who: by, what: 'firmware.add', target, code: null, detail }
    const commit = { conditions: [{ key, revision: 0 }], changes }
    await commitAudited(store, systemTenant, event, commit, wallMs())
    return file
  }
}

export function unknownVersion(version: string): CausewayError {
  const message = `there is no firmware ${version}: causeway ctl firmware add FILE`
  return new CausewayError('API_NOT_FOUND', message)
}

function keyOf({ version, architecture }: Pick<FirmwareFile, 'version' | 'architecture'>): string {
  return firmwareKey(`${version}/${architecture}`)
}

/** @throws UPDATE_REFUSED */
async function manifestIn({ bytes, read }: SavedFile) {
  const tail = await read(Math.max(0, bytes - tailBytes), tailBytes)
  const length = messageBytes(tail, bytes)
  const message = length === null ? null : await read(bytes - tailBytes - length, length)
  const manifest = message === null ? null : manifestOf(message)
  if (manifest !== null) return manifest
  throw new CausewayError('UPDATE_REFUSED', 'this is no firmware file of Causeway (.raucb)')
}
