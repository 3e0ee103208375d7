/** Routes about the controller itself: whose it is, what a root of the owner says of it, a backup of what it keeps. */
import type { KeyObject } from 'node:crypto'
import { Readable } from 'node:stream'
import { fingerprintOf } from '../../host/pki/certificate.ts'
import { readPublicKey } from '../../host/pki/p256.ts'
import { noChange } from '../../host/store/store.ts'
import { AuthorityAnswer, DelegationBody, DoneAnswer } from '../../model/controller-api-access.ts'
import { CausewayError } from '../../model/errors.ts'
import { version } from '../../model/version.ts'
import { isDelegation } from '../../model/voucher.ts'
import { keyFingerprint, verifyJws } from '../../wire/jws.ts'
import { commitAudited, systemTenant } from '../audit.ts'
import type { ControllerRoute, RouteParts } from './controller-route.ts'

/** Of a store of some thousand boxes. */
const backupMs = 600_000

export function ownerRoutes(parts: RouteParts): ControllerRoute[] {
  const { store, owner, enrol, wallMs } = parts
  return [
    {
      ...{ method: 'GET', url: '/api/v1/authority', answer: AuthorityAnswer },
      summary: 'Whose controller this is: to be compared by its fingerprint before it is trusted.',
      needs: 'anybody',
      handle: async () => ({
        body: {
          authority: owner.authority.certificate,
          delegatedUntilMs: enrol.delegations.untilMs(wallMs()),
          version,
        },
      }),
    },
    {
      ...{ method: 'POST', url: '/api/v1/delegation', body: DelegationBody, answer: DoneAnswer },
      summary:
        "Takes a root's word that this authority may make vouchers for boxes that have it; of four roots at most.",
      errors: ['WIRE_UNAUTHENTIC', 'WIRE_INVALID', 'ZTP_VOUCHER_FOREIGN', 'ZTP_VOUCHER_EXPIRED'],
      needs: 'authority.write',
      handle: async ({ body }, { name }) => {
        await takeDelegation(parts, body as DelegationBody, name)
        return { body: {} }
      },
    },
    {
      ...{ method: 'GET', url: '/api/v1/backup', answer: 'application/jsonl' },
      answerMs: backupMs,
      summary:
        'All that the controller keeps, of one moment: lines of JSON. Its keys are not in it.',
      needs: 'backup.read',
      handle: async (_, { name }) => {
        await tell(parts, name, 'backup.read')
        return { body: Readable.from(store.backup()) }
      },
    },
  ]
}

/** @throws WIRE_ errors, ZTP_VOUCHER_FOREIGN, ZTP_VOUCHER_EXPIRED */
async function takeDelegation(
  parts: RouteParts,
  { delegation, root }: DelegationBody,
  by: string,
): Promise<void> {
  const { owner, enrol, wallMs } = parts
  const key = rootOf(root)
  const said = await verifyJws('causeway-delegation', delegation, [key])
  if (!isDelegation(said)) throw new CausewayError('WIRE_INVALID', 'is no delegation')
  if (said.ownerPin !== fingerprintOf(owner.authority.certificate)) {
    throw new CausewayError('ZTP_VOUCHER_FOREIGN', 'the delegation is for another authority')
  }
  if (said.expiresMs <= wallMs()) {
    throw new CausewayError('ZTP_VOUCHER_EXPIRED', 'the delegation has ended')
  }
  await enrol.delegations.add(delegation, key, wallMs())
  await tell(parts, by, 'authority.delegate', `by root ${keyFingerprint(key)}`)
}

/** @throws API_INVALID */
function rootOf(pem: string): KeyObject {
  try {
    return readPublicKey(pem)
  } catch {
    throw new CausewayError('API_INVALID', 'is no public key of P-256', { path: '/root' })
  }
}

async function tell(
  { store, wallMs }: RouteParts,
  who: string,
  what: string,
  detail?: string,
): Promise<void> {
  const event = { who, what, target: 'controller', code: null }
  const told = detail === undefined ? event : { ...event, detail }
  await commitAudited(store, systemTenant, told, noChange, wallMs())
}
