/**
 * What a route of the local API is: data from which both the server and its OpenAPI document are made, so that
 * neither can say what the other does not.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode } from '../../model/errors.ts'

/** A JSON schema, as typebox makes them. */
export type Schema = object

export interface Route {
  readonly method: 'GET' | 'POST'
  /** `/api/v1/config/history/:number` */
  readonly url: string
  /** One sentence for the document. */
  readonly summary: string
  readonly params?: Schema
  readonly body?: Schema
  /** Of the largest body; a few KB unless told. */
  readonly bodyMaxBytes?: number
  /** The body is a file as it is, of so many bytes at most, handed over as it comes: `Asked.upload`. */
  readonly uploadMaxBytes?: number
  /** How long the answer may take; some seconds unless told. */
  readonly answerMs?: number
  /** Schema of the JSON that answers, or the content type of another text. */
  readonly answer: Schema | string
  /** Of each part of another text, where it has one. */
  readonly answerSchema?: Schema
  /** Codes it answers with, besides those that every route knows. */
  readonly errors?: readonly ErrorCode[]
  /** Statuses besides 200 that bear the same answer. */
  readonly otherStatuses?: readonly number[]
  /** Given what the schemas have let through. */
  readonly handle: (asked: Asked) => Answer | Promise<Answer>
  /** Takes over from `handle` for an answer without end. */
  readonly stream?: (out: ServerResponse, asked: Asked) => void
}

export interface Asked {
  readonly params: unknown
  readonly body: unknown
  /** Of the header `Authorization: Bearer`; null: there is none. */
  readonly bearer: string | null
  /** Null: the route takes none. */
  readonly upload: {
    readonly chunks: AsyncIterable<Uint8Array>
    /** As its sender says; null: they did not. */
    readonly totalBytes: number | null
  } | null
  /** The address at the other end; empty: it is this machine's own, over a socket file. */
  readonly address: string
  /** By which what is known of the request is found. */
  readonly request: IncomingMessage
  /** Whether whoever asks may still have an answer without end. */
  readonly isStillAllowed: () => boolean
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}
