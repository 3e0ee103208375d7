/** The routes by which blank devices ask for an owner. Whoever asks is a stranger: each proves itself in what it says. */
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CausewayError } from '../../model/errors.ts'
import { ZtpAsk, ZtpHello, ZtpOpen, ZtpRefusal, ZtpRequest } from '../../model/ztp.ts'
import { openSourceBuckets } from '../../plan/rate-limit.ts'
import { sourceKey } from '../../wire/ip.ts'
import { exporterBytes, exporterLabel } from '../../wire/ztp-proof.ts'
import type { EnrolDesk } from '../enrol.ts'

/** A public key, a request for a certificate, a proof. */
const bodyBytes = 8 * 1024

/** Of one address: a room full of boxes that are set up, not a flood. */
const rate = { perSecond: 100, burst: 400 }
const mostSources = 4_096

export function addZtpRoutes(app: FastifyInstance, desk: EnrolDesk, nowMs: () => number): void {
  const sources = openSourceBuckets(rate, mostSources)
  const add = <Body>(
    path: string,
    body: object,
    answer: (body: Body, exporter: Uint8Array, source: string) => Promise<object>,
  ): void => {
    app.route({
      method: 'POST',
      url: `/ztp/v1/${path}`,
      schema: { body },
      bodyLimit: bodyBytes,
      onRequest: async ({ ip }) => {
        if (sources.take(sourceKey(ip), nowMs())) return
        throw new CausewayError('ZTP_BUSY', 'too many requests from one address')
      },
      handler: (request) =>
        answer(request.body as Body, exporterOf(request), sourceKey(request.ip)),
    })
  }
  add<ZtpHello>('hello', ZtpHello, (body, exporter, source) => desk.hello(body, exporter, source))
  add<ZtpOpen>('open', ZtpOpen, (body, exporter) => desk.open(body, exporter))
  add<ZtpAsk>('voucher', ZtpAsk, (body, exporter) => desk.ask(body, exporter))
  add<ZtpRefusal>('refusal', ZtpRefusal, (body, exporter) => desk.refused(body, exporter))
  add<ZtpRequest>('certificate', ZtpRequest, (body, exporter) => desk.certify(body, exporter))
}

/** @throws API_INVALID the connection is no TLS */
function exporterOf({ raw }: FastifyRequest): Uint8Array {
  const socket = raw.socket as TLSSocket
  if (!socket.encrypted) throw new CausewayError('API_INVALID', 'devices ask by TLS')
  return socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0))
}
