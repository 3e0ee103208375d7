/** An error in the words of the log's dictionary. */
import type { LogFields } from '../host/system/log.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'

export function fieldsOf(error: unknown): LogFields {
  if (error instanceof CausewayError) return fieldsOfBody(error.toJSON())
  return { detail: error instanceof Error ? error.message : String(error) }
}

export function fieldsOfBody({ code, message, path, ...more }: ErrorBody): LogFields {
  const place = more.line === undefined ? [] : [`line ${more.line}, column ${more.column}`]
  const about = [...(more.detail === undefined ? [] : [more.detail]), ...place].join(', ')
  return {
    code,
    ...(path === undefined ? {} : { path }),
    detail: about === '' ? message : `${message} (${about})`,
  }
}
