/** The routes about the networks of the site and the NICs of the box. */
import { LansAnswer, NicsAnswer } from '../../model/local-api-lan.ts'
import type { LocalRoute } from './local-route.ts'

export interface LanParts {
  /** @throws HOST_SYSTEM */
  readonly lans: () => Promise<LansAnswer>
  /** @throws HOST_COMMAND_FAILED, HOST_COMMAND_TIMEOUT, HOST_SYSTEM */
  readonly nics: () => Promise<NicsAnswer>
}

export function lanRoutes(lan: LanParts): readonly LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/lans',
      needs: 'status.read',
      summary: 'The networks of this site, what they carry, and to whom the box lent addresses.',
      answer: LansAnswer,
      errors: ['HOST_SYSTEM'],
      handle: async () => ({ body: await lan.lans() }),
    },
    {
      method: 'GET',
      url: '/api/v1/nics',
      needs: 'status.read',
      summary: 'The NICs of the box: carrier, speed, and what each is in the configuration.',
      answer: NicsAnswer,
      errors: ['HOST_COMMAND_FAILED', 'HOST_COMMAND_TIMEOUT', 'HOST_SYSTEM'],
      handle: async () => ({ body: await lan.nics() }),
    },
  ]
}
