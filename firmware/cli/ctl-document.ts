/** Documents of a fleet that a command was given as files: read, checked for their form, and named where something is wrong with one. */
import { type FileError, readFleetFiles, type WrittenDocument } from '../host/config/fleet-files.ts'
import { located } from '../host/config/yaml.ts'
import type { FleetChange } from '../model/controller-api.ts'
import type { ErrorBody } from '../model/errors.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { readFleetDocument } from '../model/fleet-check.ts'
import { nameOf } from '../plan/fleet-documents.ts'
import type { CtlCall } from './ctl-call.ts'
import { errorText } from './text.ts'

/** A document and where it was written. */
export interface GivenDocument extends WrittenDocument {
  /** `site/berlin` */
  readonly name: string
  readonly document: FleetDocument
}

/** An error and the document that it is about. */
export interface DocumentError extends FileError {
  /** `site/berlin`; null: it has no name yet. */
  readonly document: string | null
}

export interface GivenDocuments {
  readonly documents: readonly GivenDocument[]
  /** Files that are none, by their names. */
  readonly unread: readonly string[]
  readonly errors: readonly DocumentError[]
}

/** @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export async function readDocuments(path: string): Promise<GivenDocuments> {
  const files = await readFleetFiles(path)
  const errors: DocumentError[] = files.errors.map((one) => ({ ...one, document: null }))
  const given = new Map<string, GivenDocument>()
  for (const written of files.documents) {
    const { file, value, placeOf } = written
    const { document, errors: wrong } = readFleetDocument(value)
    const named = document === null ? namedAs(value) : nameOf(document)
    errors.push(
      ...wrong.map((error) => ({ file, error: located(error, placeOf), document: named })),
    )
    if (document === null) continue
    const name = nameOf(document)
    const other = given.get(name)
    if (other === undefined) given.set(name, { ...written, name, document })
    else {
      const message = `there is one in ${other.file} already`
      const error: ErrorBody = { code: 'FLEET_DUPLICATE', message, path: '/name' }
      errors.push({ file, error: located(error, placeOf), document: name })
    }
  }
  return { documents: [...given.values()], unread: files.unread, errors }
}

/** What the controller says of documents that were sent to it: `/documents/3/lans`, `site/berlin/lans`. */
export function placeErrors(
  errors: readonly ErrorBody[],
  given: readonly GivenDocument[],
): readonly (DocumentError | ErrorBody)[] {
  return errors.map((error) => {
    const [, at, name, rest = ''] =
      /^(?:\/documents\/(\d+)|([a-z]+\/[a-z0-9-]+))(\/.*)?$/.exec(error.path ?? '') ?? []
    const found = at === undefined ? given.find((one) => one.name === name) : given[Number(at)]
    if (found === undefined) return error
    const here = located({ ...error, path: rest }, found.placeOf)
    return { file: found.file, error: here, document: found.name }
  })
}

/** A line each: `berlin.yaml:7:12: FLEET_REFERENCE site/berlin /lans/0/segment: there is no segment 'offce'` */
export function reportDocuments(
  { isJson, output }: Pick<CtlCall, 'isJson' | 'output'>,
  errors: readonly (DocumentError | ErrorBody)[],
): void {
  if (isJson) {
    const bodies = errors.map((one) =>
      'error' in one ? { ...one.error, file: one.file, document: one.document } : one,
    )
    output.out(`${JSON.stringify({ errors: bodies })}\n`)
    return
  }
  for (const one of errors) {
    if (!('error' in one)) output.err(`${errorText(one, null)}\n`)
    else {
      const { error, file, document } = one
      const path = [document, error.path].filter((part) => part !== null && part !== undefined)
      const { path: _, ...rest } = error
      const told = path.length === 0 ? rest : { ...rest, path: path.join(' ') }
      output.err(`${errorText(told, file)}\n`)
    }
  }
}

/** A line each, where they were written; programs have them in the answer. */
export function reportWarnings(
  { isJson, output }: Pick<CtlCall, 'isJson' | 'output'>,
  warnings: FleetChange['warnings'],
  given: readonly GivenDocument[],
): void {
  if (isJson) return
  for (const { document, path, message } of warnings) {
    const found = given.find(({ name }) => name === document)
    const place = found?.placeOf(path, false) ?? null
    const at = place === null ? '' : `:${place.line}:${place.column}`
    const lead = found === undefined ? '' : `${found.file}${at}: `
    output.err(`${lead}warning: ${document} ${path}: ${message}\n`)
  }
}

/** As far as it says. */
function namedAs(value: unknown): string | null {
  const { kind, name } = (value ?? {}) as { readonly kind?: unknown; readonly name?: unknown }
  return typeof kind === 'string' && typeof name === 'string' ? `${kind}/${name}` : null
}
