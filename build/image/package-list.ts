/** The lists of Debian packages in image/packages, as written, and the lock that fixes version and hash of each and of what it needs. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Target, targetNames } from './target.ts'

/** `root`: in a slot; `boot`: unpacked beside it; `build`: where the native module is built. */
export const purposes = ['root', 'boot', 'build'] as const
export type Purpose = (typeof purposes)[number]

export interface LockedPackage {
  readonly purpose: Purpose
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly sha256: string
  /** `debian` or `debian-security`, and the path within it. */
  readonly path: string
}

/** Names of a list for a machine. @throws an error with the line that is none */
export function parseList(text: string, target: Target): string[] {
  return text.split('\n').flatMap((line) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean)
    const only = /^(\w+):$/.exec(words[0] ?? '')?.[1]
    if (only !== undefined) words.shift()
    if (only !== undefined && !targetNames.some((name) => name === only)) {
      throw new Error(`'${line}': no machine '${only}'`)
    }
    const wrong = words.find((word) => !/^[a-z0-9][a-z0-9+.-]+(:arm64)?$/.test(word))
    if (wrong !== undefined) throw new Error(`'${line}': '${wrong}' names no package`)
    return only === undefined || only === target.name ? words : []
  })
}

export interface Lock {
  /**
   * When it was made, seconds since 1970: the time of all files of an image, and of what is written into them, so that two builds are
   * one. No box's clock is before it.
   */
  readonly epoch: number
  readonly packages: readonly LockedPackage[]
}

export function formatLock({ epoch, packages }: Lock): string {
  const lines = packages.map(({ purpose, name, version, architecture, sha256, path }) =>
    [purpose, name, version, architecture, sha256, path].join(' '),
  )
  return `epoch ${epoch}\n${lines.toSorted().join('\n')}\n`
}

/** @throws an error with the line that is none */
export function parseLock(text: string): Lock {
  const [head = '', ...lines] = text.split('\n')
  const epoch = Number(/^epoch (\d{1,12})$/.exec(head)?.[1] ?? Number.NaN)
  if (!Number.isSafeInteger(epoch)) throw new Error(`no head of a lock: '${head}'`)
  const packages = lines
    .filter((line) => line !== '')
    .map((line) => {
      const [purpose, name, version, architecture, sha256, path, more] = line.split(' ')
      const isWhole =
        path !== undefined && more === undefined && purposes.includes(purpose as never)
      const isSafe = isWhole && /^debian(-security)?\/pool\/[\w+.~%/-]+\.deb$/.test(path)
      if (!isSafe || path.includes('..') || !/^[0-9a-f]{64}$/.test(sha256!)) {
        throw new Error(`no line of a lock: '${line}'`)
      }
      return {
        ...{ purpose: purpose as Purpose, name: name!, version: version! },
        ...{ architecture: architecture!, sha256: sha256!, path },
      }
    })
  return { epoch, packages }
}

export function lockPath(root: string, target: Target): string {
  return join(root, `image/packages/${target.name}.lock`)
}

export async function readLock(root: string, target: Target): Promise<Lock> {
  return parseLock(await readFile(lockPath(root, target), 'utf8'))
}
