/**
 * Certificates of boxes, the first and those after it: for a box that somebody has, as it stands now, with a wire key that is its
 * alone. Whoever moves or releases the box meanwhile goes first: no certificate brings back what was released, or where it stood.
 * Each one has its owner's other boxes told of a new key, and stands in the log: a box gets no more than it can need.
 */
import { type Authority, issueCertificate, type readRequest } from '../host/pki/certificate.ts'
import { noChange, type Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import { openSourceBuckets } from '../plan/rate-limit.ts'
import { commitAudited } from './audit.ts'
import { type Edge, keepWireKey, lookUpEdge } from './edges.ts'

export interface CertificateDeskParts {
  readonly store: Store
  readonly authority: Authority
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

export const certificateDays = 30
/** Others may change the box at the same time. */
const mostRounds = 20
/** One is good for weeks. A box that lost the answer asks again, and one that is set up anew is another attempt; refusals count too. */
const certificateRate = { perSecond: 1 / 600, burst: 5 }
const mostBoxes = 8_192

export class CertificateDesk {
  readonly #parts: CertificateDeskParts
  readonly #asked = openSourceBuckets(certificateRate, mostBoxes)

  constructor(parts: CertificateDeskParts) {
    this.#parts = parts
  }

  /**
   * @param request of the very device
   * @returns PEM; null: nobody has the box
   * @throws ZTP_WIRE_KEY_TAKEN, which is told in the log; ZTP_BUSY it asks too often; STORE_BUSY
   */
  async certify(
    request: Awaited<ReturnType<typeof readRequest>>,
    what: 'edge.certify' | 'edge.renew',
  ): Promise<string | null> {
    const { store, authority, nowMs } = this.#parts
    for (let round = 1; ; round++) {
      const found = await lookUpEdge(store, request.deviceId)
      if (found === null) return null
      if (round === 1 && !this.#asked.take(request.deviceId, nowMs())) {
        throw new CausewayError('ZTP_BUSY', 'too many certificates of one box: try later')
      }
      const certificate = await issueCertificate(authority, request, certificateDays, nowMs())
      try {
        await keepWireKey(store, found, request.wireKey, what, nowMs())
        return certificate
      } catch (error) {
        if (!(error instanceof CausewayError)) throw error
        if (error.code === 'STORE_CONFLICT' && round < mostRounds) continue
        if (error.code === 'ZTP_WIRE_KEY_TAKEN') await this.#tell(found.edge, what, error)
        throw error
      }
    }
  }

  async #tell(
    { deviceId, tenant, site }: Edge,
    what: string,
    refusal: CausewayError,
  ): Promise<void> {
    const { store, nowMs } = this.#parts
    const event = { who: `device/${deviceId}`, what, target: `site/${site}`, code: refusal.code }
    await commitAudited(store, tenant, event, noChange, nowMs())
  }
}
