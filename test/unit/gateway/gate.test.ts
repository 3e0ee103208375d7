/** How often may be asked: strangers take nothing of those who are known, and those of them who ask without end leave some to others. */
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import type { Access } from '../../../firmware/gateway/access/access.ts'
import { openGate } from '../../../firmware/gateway/api/gate.ts'
import type { LocalRoute } from '../../../firmware/gateway/api/local-route.ts'
import { openAccess } from './sample-access.ts'

const password = 'correct horse battery'
const names = new Set(['10.1.0.1'])
const route: LocalRoute = {
  ...{ method: 'GET', url: '/api/v1/session', needs: 'anybody', summary: 'For the test.' },
  answer: { type: 'object' },
  handle: () => ({ body: {} }),
}

async function sessionCookieOf(access: Access): Promise<string> {
  const { users, sessions } = await access.books()
  await users.add({ name: 'ada', role: 'admin', password })
  return (await sessions.open(users.find('ada')!, '10.1.0.2')).token
}

test('forty strangers who ask without end keep neither an admin nor another stranger out', async () => {
  let nowMs = 1_000
  await using access = openAccess(() => nowMs)
  const gate = openGate({ access, clock: { nowMs: () => nowMs }, isStatusOpen: () => false })
  const ask = (address: string, cookie?: string): Promise<boolean> => {
    const headers = {
      host: '10.1.0.1',
      ...(cookie === undefined ? {} : { cookie: `__Host-causeway=${cookie}` }),
    }
    const request = { url: route.url, headers } as unknown as IncomingMessage
    return gate.admit({ method: 'GET', address, request }, route, names, 443).then(
      () => true,
      ({ code }) => {
        assert.equal(code, 'API_RATE')
        return false
      },
    )
  }
  const cookie = await sessionCookieOf(access)
  let entered = 0
  for (let round = 0; round < 600; round++) {
    nowMs += 50
    for (let place = 0; place < 40; place++) {
      if (await ask(`10.1.0.${100 + place}`)) entered++
    }
    if (round % 60 !== 59) continue
    assert.ok(await ask('10.1.0.2', cookie), 'who is known')
    assert.ok(await ask('10.1.0.3'), 'who begins')
  }
  assert.ok(entered <= 300 + 120 * 30, String(entered))
})
