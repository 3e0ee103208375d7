/**
 * The route by which boxes fetch firmware: who has a certificate of the owner's authority and is somebody's box, and nobody else.
 * A file begins at any byte (RFC 9110 §14.2), and goes as slowly as the box takes it; each box has one at a time, and some have to wait.
 */
import type { X509Certificate } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FirmwareFolder } from '../../host/firmware/files.ts'
import { CausewayError } from '../../model/errors.ts'
import { firmwareUrl } from '../../model/firmware-order.ts'

export interface FirmwareFileParts {
  readonly folder: Pick<FirmwareFolder, 'bytesOf' | 'read'>
  /** Which box it is; null: none that may have anything. */
  readonly mayFetch: (certificate: X509Certificate | null) => Promise<string | null>
}

const mostFetching = 64
/** Without a byte that the box has taken. */
const silentMs = 60_000

export function addFirmwareFiles(app: FastifyInstance, parts: FirmwareFileParts): void {
  /** By box. */
  const fetching = new Map<string, Readable>()
  app.get(firmwareUrl, async (request, reply) => {
    const socket = request.raw.socket as TLSSocket
    const deviceId = await parts.mayFetch(socket.getPeerX509Certificate?.() ?? null)
    if (deviceId === null) {
      throw new CausewayError('API_FORBIDDEN', 'files are for boxes with a certificate')
    }
    const { sha256 } = request.params as { readonly sha256: string }
    const bytes = /^[0-9a-f]{64}$/.test(sha256) ? await parts.folder.bytesOf(sha256) : null
    if (bytes === null) throw new CausewayError('API_NOT_FOUND', 'there is no such file')
    const from = firstByte(request, bytes)
    // It has lost the connection, and calls anew.
    fetching.get(deviceId)?.destroy()
    if (fetching.size >= mostFetching && !fetching.has(deviceId)) {
      throw new CausewayError('API_BUSY', 'too many boxes fetch files: ask again')
    }
    const file = parts.folder.read(sha256, from)
    fetching.set(deviceId, file)
    file.once('close', () => {
      if (fetching.get(deviceId) === file) fetching.delete(deviceId)
    })
    socket.setTimeout(silentMs)
    return send(reply, file, from, bytes)
  })
}

/** @throws API_INVALID */
function firstByte({ headers }: FastifyRequest, bytes: number): number {
  if (headers.range === undefined) return 0
  const [, text] = /^bytes=(\d{1,12})-$/.exec(headers.range) ?? []
  const from = Number(text)
  if (text !== undefined && from < bytes) return from
  throw new CausewayError('API_INVALID', 'a range is from a byte of the file to its end')
}

function send(reply: FastifyReply, file: Readable, from: number, bytes: number): FastifyReply {
  reply.type('application/octet-stream').header('content-length', bytes - from)
  if (from > 0) reply.status(206).header('content-range', `bytes ${from}-${bytes - 1}/${bytes}`)
  return reply.send(file)
}
