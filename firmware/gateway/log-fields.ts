/** An error in the words of the log's dictionary. */
import type { LogFields } from '../host/system/log.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'

export function fieldsOf(error: unknown): LogFields {
  if (error instanceof CausewayError) return fieldsOfBody(error.toJSON())
  return { detail: error instanceof Error ? error.message : String(error) }
}

export function fieldsOfBody({ code, message, path, detail }: ErrorBody): LogFields {
  return {
    code,
    ...(path === undefined ? {} : { path }),
    detail: detail === undefined ? message : `${message} (${detail})`,
  }
}
