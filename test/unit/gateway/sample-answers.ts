/** What the routes about configurations and LANs are made of, for tests that ask for none of it. */
import assert from 'node:assert/strict'
import type { ConfigParts } from '../../../firmware/gateway/api/config-routes.ts'
import type { LanParts } from '../../../firmware/gateway/api/lan-routes.ts'

const fail = (): never => assert.fail()

export const noChanges: ConfigParts = {
  ...{ show: fail, check: fail, apply: fail, applyEntry: fail, confirm: fail, rollback: fail },
  ...{ history: () => [], entry: fail },
}

export const noLans: LanParts = { lans: fail, nics: fail }
