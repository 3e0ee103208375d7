/** An error in the words of the log's dictionary. */
import type { LogFields } from '../host/system/log.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'

export function fieldsOf(error: unknown): LogFields {
  if (error instanceof CausewayError) return fieldsOfBody(error.toJSON())
  return { detail: error instanceof Error ? error.message : String(error) }
}

export function fieldsOfBody(error: ErrorBody): LogFields {
  const { code, path } = error
  return { code, ...(path === undefined ? {} : { path }), detail: wordsOf(error) }
}

/** What is wrong, and with what. */
export function wordsOf({ message, detail, line, column }: ErrorBody): string {
  const place = line === undefined ? [] : [`line ${line}, column ${column}`]
  const about = [...(detail === undefined ? [] : [detail]), ...place].join(', ')
  return about === '' ? message : `${message} (${about})`
}
