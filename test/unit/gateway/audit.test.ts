/** The log of who did what: whose entries go when there are too many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Audit } from '../../../firmware/gateway/access/audit.ts'
import { openAccess } from './sample-access.ts'

const event = { what: 'POST /x', target: '', from: '10.1.0.1', code: null }

function counts(audit: Audit): Record<string, number> {
  const found: Record<string, number> = {}
  for (let before: number | null = null; ; ) {
    const page = audit.page(before)
    if (page.length === 0) return found
    for (const { who } of page) found[who] = (found[who] ?? 0) + 1
    before = page.at(-1)!.number
  }
}

test('whoever does more than all others drives out their own entries', async () => {
  await using access = openAccess()
  const { audit } = await access.books()
  for (let at = 0; at < 300; at++) audit.done({ ...event, who: 'ada' })
  for (let at = 0; at < 20; at++) audit.done({ ...event, who: 'bob' })
  for (let at = 0; at < 2_000; at++) audit.done({ ...event, who: 'eve' })
  assert.deepEqual(counts(audit), { ada: 300, bob: 20, eve: 680 })
})

test('what one name tries too often is counted, and takes no room from another’s', async () => {
  let nowMs = 1_000
  await using access = openAccess(() => nowMs)
  const { audit } = await access.books()
  for (let at = 0; at < 80; at++) audit.tried({ ...event, who: 'eve', code: 'API_FORBIDDEN' })
  audit.tried({ ...event, who: 'bob', code: 'API_FORBIDDEN' })
  assert.deepEqual(counts(audit), { eve: 50, bob: 1 })
  assert.equal(audit.page(null)[0]!.more, 0)
  nowMs += 5_000
  audit.tried({ ...event, who: 'eve', code: 'API_FORBIDDEN' })
  assert.equal(audit.page(null)[0]!.more, 30)
})
