/** What a lab that runs unattended says: without a lab. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Look, liveLine, uplinkLines } from './live.ts'
import type { SiteLook } from './status.ts'

function siteLook(ways: Readonly<Record<string, string | null>>): SiteLook {
  const peers = Object.entries(ways).map(([name, uplink]) => ({
    name,
    uplink,
    state: uplink === null ? 'down' : 'up',
    throughput: null,
    nat: [],
  }))
  return { status: { peers }, drops: { total: 0, reasons: {} } } as unknown as SiteLook
}

const look: Look = new Map([
  ['berlin', siteLook({ lisbon: 'lte0', oslo: null })],
  ['oslo', null],
])

test('each site says by which uplink it reaches whom; one that does not answer says nothing', () => {
  assert.deepEqual([...uplinkLines(look)], [['berlin', 'berlin: lisbon by lte0, oslo by none']])
})

test('a line for logs says how many peers are up', () => {
  const line = '01:05  berlin 1 of 2 peers up, in 0 bit/s, drops 0 · oslo does not answer'
  assert.equal(liveLine(look, 65), line)
})
