/** What an image says of itself, and of what happened while it started: its version, the slot that runs, the data partition. */
import { join } from 'node:path'
import { readIfThere } from '../system/file.ts'

export interface ImageFacts {
  /** Null: this machine runs no image of ours. */
  readonly version: string | null
  /** `A` or `B`. */
  readonly slot: string | null
  /** What the start had to do to the data partition, as a sentence; null: nothing. */
  readonly dataNote: string | null
}

const mostReason = 200
/** As Node and as images call machines. */
const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' }
const states: Readonly<Record<string, string>> = {
  renewed: 'the data partition could not be read and was made anew: settings and keys are gone',
  repaired: 'the data partition was damaged and has been repaired',
}

/** Never throws: what cannot be told is null. @param root `/`, or a folder that stands for it in tests */
export async function readImageFacts(root = '/'): Promise<ImageFacts> {
  const read = (path: string): Promise<string | null> =>
    readIfThere(join(root, path)).catch(() => null)
  const [release, line, note] = await Promise.all([
    read('etc/os-release'),
    read('proc/cmdline'),
    read('run/causeway/data-note'),
  ])
  return {
    version: imageVersionOf(release ?? ''),
    slot: /(?:^|\s)causeway\.slot=([AB])(?:\s|$)/.exec(line ?? '')?.[1] ?? null,
    dataNote:
      [fallbackText(line), noteText(note)].filter((text) => text !== null).join('; ') || null,
  }
}

/** What image this machine could run. */
export function imageArchitecture(): string {
  return architectures[process.arch] ?? process.arch
}

/** @param release os-release(5) */
export function imageVersionOf(release: string): string | null {
  return /^IMAGE_VERSION=["']?([\w.+~-]{1,32})["']?$/m.exec(release)?.[1] ?? null
}

/** As GRUB says it (image/boot/grub.cfg). */
function fallbackText(line: string | null): string | null {
  return /(?:^|\s)causeway\.fallback=1(?:\s|$)/.test(line ?? '')
    ? 'the other slot runs: four starts of the one that was good did not prove themselves'
    : null
}

function noteText(text: string | null): string | null {
  try {
    const { state, reason } = JSON.parse(text ?? 'null') as { state: string; reason: unknown }
    const said = states[state]
    if (said === undefined) return null
    const why = typeof reason === 'string' ? reason.slice(0, mostReason).trim() : ''
    return why === '' ? said : `${said} (${why})`
  } catch {
    return null
  }
}
