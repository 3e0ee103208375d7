/** Routes about a tenant's documents: what they are, what a change would do, the change; and the addresses that were given out. */
import {
  FleetAnswer,
  FleetBody,
  FleetChange,
  fleetBodyBytes,
  IpamAnswer,
  TenantParams,
} from '../../model/controller-api.ts'
import { ipamOf } from '../../plan/ipam-view.ts'
import { applyChange, planChange } from '../change.ts'
import { type ControllerRoute, type RouteParts, tenantOf, tenantUrl } from './controller-route.ts'

/** A plan of a thousand sites takes its time. */
const planMs = 60_000

export function fleetRoutes({ fleets, publisher, wallMs }: RouteParts): ControllerRoute[] {
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
      needs: 'fleet.read',
      handle: async (asked) => ({
        body: await planChange(fleets, tenantOf(asked), asked.body as FleetBody),
      }),
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/apply`, ...fleet, answer: FleetChange },
      summary: 'Takes documents as they are; refused if they bring a problem.',
      errors: ['STORE_CONFLICT', 'STORE_BUSY'],
      needs: 'fleet.write',
      handle: async (asked, { name }) => {
        const change = asked.body as FleetBody
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
