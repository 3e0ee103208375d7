/**
 * Documents of a fleet as files: one file, or a folder with folders in it, in the order of their names; several in one file stand
 * apart by `---`. Bounded; links out of the folder are refused. What documents say is the caller's.
 */
import { lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { stringify } from 'yaml'
import { CausewayError, type ErrorBody } from '../../model/errors.ts'
import { replaceFile } from '../system/file.ts'
import { readConfigFile } from './file.ts'
import { type Read, readYamls } from './yaml.ts'

/** A document as it was written: `value` is anything. */
export interface WrittenDocument {
  readonly file: string
  readonly value: unknown
  readonly placeOf: Read['placeOf']
}

export interface FleetFiles {
  readonly documents: readonly WrittenDocument[]
  /** What ends in neither `.yaml` nor `.yml`. */
  readonly unread: readonly string[]
  /** Of what is no YAML. */
  readonly errors: readonly FileError[]
}

export interface FileError {
  readonly file: string
  readonly error: ErrorBody
}

const mostFiles = 8_192
const mostDocuments = 8_192
const mostBytes = 14 * 1024 * 1024
const mostDepth = 16

/** @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readFleetFiles(path: string): Promise<FleetFiles> {
  const { files, unread } = (await isFolder(path))
    ? await filesBelow(path)
    : { files: [path], unread: [] }
  const documents: WrittenDocument[] = []
  const errors: FileError[] = []
  let bytes = 0
  for (const file of files) {
    const text = await readConfigFile(file)
    bytes += Buffer.byteLength(text)
    if (bytes > mostBytes) throw tooLarge(path, `more than ${mostBytes} bytes`)
    for (const { value, error, placeOf } of readYamls(text)) {
      if (error === null) documents.push({ file, value, placeOf })
      else errors.push({ file, error })
    }
    if (documents.length > mostDocuments)
      throw tooLarge(path, `more than ${mostDocuments} documents`)
  }
  return { documents, unread, errors }
}

/**
 * Writes each as a file `KIND/NAME.yaml`.
 * @throws STORE_NOT_EMPTY there is something in the folder already; STORE_WRITE_FAILED
 */
export async function writeFleetFiles(
  folder: string,
  documents: readonly { readonly kind: string; readonly name: string }[],
): Promise<readonly string[]> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    const more = { detail: error.message, cause: error }
    throw new CausewayError('STORE_WRITE_FAILED', `cannot write to ${folder}`, more)
  })
  if (there.length > 0) {
    const message = `there is something in ${folder}: name an empty folder, or one that is not there`
    throw new CausewayError('STORE_NOT_EMPTY', message)
  }
  const paths: string[] = []
  for (const document of documents) {
    const own = join(folder, document.kind)
    await mkdir(own, { recursive: true })
    const path = join(own, `${document.name}.yaml`)
    await replaceFile(path, documentText(document), 0o644)
    paths.push(path)
  }
  return paths
}

/** As YAML, in the order of its own fields. */
export function documentText(document: unknown): string {
  return stringify(document, { schema: 'core', version: '1.2' })
}

interface FoundFiles {
  readonly files: readonly string[]
  readonly unread: readonly string[]
}

async function filesBelow(root: string): Promise<FoundFiles> {
  const found: string[] = []
  const unread: string[] = []
  const whole = await realpath(root)
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > mostDepth) throw tooLarge(root, `folders more than ${mostDepth} deep`)
    for (const name of (await readdir(folder)).toSorted()) {
      if (name.startsWith('.')) continue
      const path = join(folder, name)
      const isLink = (await lstat(path)).isSymbolicLink()
      if (isLink) await refuseAway(path, whole)
      if (await isFolder(path)) {
        // One that leads to a folder could lead round and round.
        if (!isLink) await walk(path, depth + 1)
      } else if (/\.ya?ml$/.test(name)) found.push(path)
      else if (unread.length < mostFiles) unread.push(path)
      if (found.length > mostFiles) throw tooLarge(root, `more than ${mostFiles} files`)
    }
  }
  await walk(root, 1)
  return { files: found, unread }
}

async function refuseAway(path: string, root: string): Promise<void> {
  const target = await realpath(path).catch(() => null)
  const away = target === null ? '..' : relative(root, target)
  if (away !== '..' && !away.startsWith(`..${sep}`)) return
  const detail = 'it is a link that leads out of the folder, or nowhere'
  throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${path}`, { detail })
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const detail = error.code === 'ENOENT' ? 'there is no such file or folder' : error.message
    throw new CausewayError('CONFIG_UNREADABLE', `cannot read ${path}`, { detail, cause: error })
  })
  return found.isDirectory()
}

function tooLarge(path: string, what: string): CausewayError {
  return new CausewayError('CONFIG_TOO_LARGE', `${path} holds ${what}`)
}
