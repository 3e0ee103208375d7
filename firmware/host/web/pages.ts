/**
 * The built web UI, read into memory once: what is asked for by a URL is one of these names or nothing, and never a path on the disk.
 * Each text has its compressed forms beside it (`.br`, `.gz`), made here where the build has not.
 */
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

export type Encoding = 'br' | 'gzip' | 'identity'

export interface Page {
  /** `/assets/app-Bq3x.js`; `/` is index.html. */
  readonly url: string
  readonly type: string
  readonly etag: string
  /** Its name holds a hash of what is in it: whoever has it needs no other. */
  readonly isImmutable: boolean
  readonly bodies: Readonly<Partial<Record<Encoding, Buffer>>> & { readonly identity: Buffer }
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
}
const texts = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest'])
const mostPages = 256
const mostBytes = 8 * 1024 * 1024
/** Nothing that a router or a browser takes for more than letters. */
const plainUrl = /^(\/[\w-][\w.-]*)+$/
/** Vite's. */
const hashedName = /^\/assets\/.+-[\w-]{8,}\.\w+$/

const compressGzip = promisify(gzip)
const compressBrotli = promisify(brotliCompress)

/** @returns none where the folder is not there. @throws the system's error for anything else */
export async function readPages(folder: string): Promise<Page[]> {
  const files = await filesIn(folder)
  const pages: Page[] = []
  let bytes = 0
  for (const path of files) {
    const ending = extname(path)
    const type = types[ending]
    const url = `/${relative(folder, path)}`
    if (type === undefined || !plainUrl.test(url)) continue
    const identity = await readFile(path)
    bytes += identity.length
    if (pages.length >= mostPages || bytes > mostBytes) {
      throw new Error(`${folder} holds more than a web UI has`)
    }
    const has = (suffix: string): boolean => files.includes(path + suffix)
    const bodies = texts.has(ending)
      ? {
          identity,
          br: await (has('.br') ? readFile(`${path}.br`) : brotli(identity)),
          gzip: await (has('.gz') ? readFile(`${path}.gz`) : compressGzip(identity, { level: 9 })),
        }
      : { identity }
    const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22)
    const isImmutable = hashedName.test(url)
    const name = url === '/index.html' ? '/' : url
    pages.push({ url: name, type, etag: `"${hash}"`, isImmutable, bodies })
  }
  return pages
}

/** The best form that who asks can read (RFC 9110 §12.5.3, by name alone). */
export function encodingFor(page: Page, accepted: string | undefined): Encoding {
  const names = new Set(
    (accepted ?? '')
      .split(',')
      .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
      .map((part) => part.split(';')[0]!.trim().toLowerCase()),
  )
  const best = (['br', 'gzip'] as const).find(
    (encoding) => names.has(encoding) && page.bodies[encoding] !== undefined,
  )
  return best ?? 'identity'
}

function brotli(content: Buffer): Promise<Buffer> {
  return compressBrotli(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
}

/** No link is followed. */
async function filesIn(folder: string): Promise<string[]> {
  const options = { recursive: true, withFileTypes: true } as const
  const found: Dirent[] = await readdir(folder, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
}
