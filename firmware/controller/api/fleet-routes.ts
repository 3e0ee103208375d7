/** Routes about a tenant's documents: what they are, what a change would do, the change; and the addresses that were given out. */

import type { Asked } from '../../host/api/route.ts'
import { noChange } from '../../host/store/store.ts'
import {
  FleetAnswer,
  FleetBody,
  FleetChange,
  fleetBodyBytes,
  IpamAnswer,
  TenantParams,
} from '../../model/controller-api.ts'
import { CausewayError } from '../../model/errors.ts'
import type { FleetProblem } from '../../plan/fleet-documents.ts'
import { ipamOf } from '../../plan/ipam-view.ts'
import { commitAudited } from '../audit.ts'
import { applyChange, planChange } from '../change.ts'
import { foreignBoxesAsked } from '../foreign-boxes.ts'
import { type ControllerRoute, type RouteParts, tenantOf, tenantUrl } from './controller-route.ts'

/** A plan of a thousand sites takes its time. */
const planMs = 60_000

export function fleetRoutes(parts: RouteParts): ControllerRoute[] {
  const { fleets, publisher, wallMs } = parts
  const fleet = {
    params: TenantParams,
    body: FleetBody,
    bodyMaxBytes: fleetBodyBytes,
    answerMs: planMs,
  }
  return [
    {
      ...{ method: 'GET', url: `${tenantUrl}/fleet`, params: TenantParams, answer: FleetAnswer },
      summary: 'All documents of a tenant, and what is wrong with them.',
      needs: 'fleet.read',
      handle: async (asked) => {
        const { documents } = await fleets.read(tenantOf(asked))
        return { body: { documents, problems: publisher.problemsOf(tenantOf(asked)) } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/plan`, ...fleet, answer: FleetChange },
      summary: 'What documents would change: nothing is done.',
      errors: ['API_BUSY'],
      needs: 'fleet.read',
      handle: async (asked) => {
        const change = await planChange(fleets, tenantOf(asked), asked.body as FleetBody)
        const foreign = await foreignOf(parts, asked)
        return { body: { ...change, problems: [...change.problems, ...foreign] } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/apply`, ...fleet, answer: FleetChange },
      summary: 'Takes documents as they are; refused if they bring a problem.',
      errors: ['STORE_CONFLICT', 'STORE_BUSY', 'API_BUSY'],
      needs: 'fleet.write',
      handle: async (asked, { name }) => {
        const change = asked.body as FleetBody
        await refuseForeign(parts, asked, name)
        return { body: await applyChange(fleets, tenantOf(asked), change, name, wallMs()) }
      },
    },
    {
      ...{ method: 'GET', url: `${tenantUrl}/ipam`, params: TenantParams, answer: IpamAnswer },
      summary: 'Pools, who has which network, what is free, and where two have the same.',
      needs: 'fleet.read',
      handle: async (asked) => {
        const { documents, allocations } = await fleets.read(tenantOf(asked))
        return { body: ipamOf(documents, allocations) }
      },
    },
  ]
}

async function foreignOf({ fleets, store }: RouteParts, asked: Asked): Promise<FleetProblem[]> {
  const { documents } = asked.body as FleetBody
  const state = await fleets.read(tenantOf(asked))
  return foreignBoxesAsked(store, tenantOf(asked), documents, state.documents)
}

/** Whoever reaches for another tenant's box is told of in their own log. @throws FLEET_BOX_FOREIGN */
async function refuseForeign(parts: RouteParts, asked: Asked, who: string): Promise<void> {
  const [first] = await foreignOf(parts, asked)
  if (first === undefined) return
  const { code, message, document, path = '' } = first
  const event = { who, what: 'fleet.apply', target: document, code }
  await commitAudited(parts.store, tenantOf(asked), event, noChange, parts.wallMs())
  throw new CausewayError(code, `${document}: ${message}`, { path: `${document}${path}` })
}
