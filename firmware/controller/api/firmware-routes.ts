/** Routes about firmware: the files that there are, and the rollout of a tenant. */
import { TenantParams } from '../../model/controller-api.ts'
import { DoneAnswer } from '../../model/controller-api-access.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  FirmwareAnswer,
  FirmwareFile,
  FirmwareParams,
  RolloutAnswer,
  RolloutBody,
} from '../../model/rollout.ts'
import { mostUpdateBytes } from '../../model/upkeep-limits.ts'
import { edgesOf } from '../edges.ts'
import { unknownVersion } from '../firmware.ts'
import { newRollout } from '../rollout-start.ts'
import { isOpen } from '../rollouts.ts'
import { type ControllerRoute, type RouteParts, tenantOf, tenantUrl } from './controller-route.ts'

const uploadMs = 15 * 60_000
const idBytes = 8

export function firmwareRoutes(parts: RouteParts): ControllerRoute[] {
  return [...fileRoutes(parts), ...rolloutRoutes(parts)]
}

function fileRoutes({ shelf }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'GET', url: '/api/v1/firmware', answer: FirmwareAnswer },
      summary: 'The firmware that there is for boxes, as each file says of itself.',
      needs: 'fleet.read',
      tenantOf: 'own',
      handle: async () => ({ body: await shelf.answer() }),
    },
    {
      ...{ method: 'POST', url: '/api/v1/firmware', answer: FirmwareFile },
      ...{ uploadMaxBytes: mostUpdateBytes, answerMs: uploadMs },
      summary: 'Takes a firmware file, as it is; whether it is good each box judges itself.',
      errors: ['UPDATE_REFUSED', 'STORE_CONFLICT', 'STORE_WRITE_FAILED', 'API_BUSY'],
      needs: 'firmware.write',
      handle: async ({ upload }, { name }) => ({ body: await shelf.add(name, upload!) }),
    },
    {
      ...{ method: 'POST', url: '/api/v1/firmware/:version/remove', params: FirmwareParams },
      answer: DoneAnswer,
      summary: 'Takes the files of a version away.',
      errors: ['STORE_CONFLICT'],
      needs: 'firmware.write',
      handle: async ({ params }, { name }) => {
        await shelf.remove(name, (params as { version: string }).version)
        return { body: {} }
      },
    },
  ]
}

function rolloutRoutes(parts: RouteParts): ControllerRoute[] {
  const { rollouts } = parts
  const verbs = [
    ['pause', 'Nobody else is told; who has not started anew for it is called off.'],
    ['resume', 'It goes on, without those that failed.'],
    ['abort', 'It ends; who has not started anew for it is called off.'],
  ] as const
  return [
    {
      ...{ method: 'GET', url: `${tenantUrl}/rollout`, params: TenantParams },
      answer: RolloutAnswer,
      summary: 'The last rollout of firmware, and how far each box is.',
      needs: 'fleet.read',
      handle: async (asked) => ({ body: await rollouts.show(tenantOf(asked)) }),
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/rollout`, params: TenantParams },
      ...{ body: RolloutBody, answer: RolloutAnswer },
      summary: 'Begins to bring a version to boxes: canaries first, then as many at once as told.',
      errors: ['FLEET_REFERENCE', 'STORE_CONFLICT', 'API_BUSY'],
      needs: 'firmware.roll-out',
      handle: async (asked, { name }) => {
        return { body: await start(parts, tenantOf(asked), asked.body as RolloutBody, name) }
      },
    },
    ...verbs.map(
      ([verb, summary]): ControllerRoute => ({
        ...{ method: 'POST', url: `${tenantUrl}/rollout/${verb}`, params: TenantParams },
        ...{ answer: RolloutAnswer, summary, errors: ['STORE_CONFLICT', 'API_BUSY'] },
        needs: 'firmware.roll-out',
        handle: async (asked, { name }) => ({ body: await rollouts[verb](tenantOf(asked), name) }),
      }),
    ),
  ]
}

/** @throws API_NOT_FOUND, STORE_CONFLICT, FLEET_REFERENCE, API_INVALID */
async function start(
  { store, fleets, shelf, rollouts, random, wallMs }: RouteParts,
  tenant: string,
  body: RolloutBody,
  by: string,
): Promise<RolloutAnswer> {
  const { version, canaries = [] } = body
  const { files } = await shelf.answer()
  if (!files.some((one) => one.version === version && one.isThere)) throw unknownVersion(version)
  const edges = await edgesOf(store, tenant)
  const { documents } = await fleets.read(tenant)
  const id = random(idBytes).toString('hex')
  const made = newRollout(body, { id, by, edges, documents, nowMs: Math.trunc(wallMs()) })
  const first = canaries.length === 0 ? '' : `, first ${canaries.join(', ')}`.slice(0, 200)
  const detail = `${made.boxes.length} boxes, ${made.rollout.wave} at once${first}`
  const target = `rollout/${version}`
  const event = { who: by, what: 'rollout.start', target, code: null, detail }
  return rollouts.change(tenant, event, async (kept) => {
    if (kept === null || !isOpen(kept.rollout)) return made
    const { version: other, state } = kept.rollout
    const message = `the rollout of ${other} is ${state}: resume or abort it first`
    throw new CausewayError('STORE_CONFLICT', message)
  })
}
