/** Devices that wait for an owner: the room that there is for them, and who gives way to whom. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ClaimRoom } from '../../../firmware/controller/claim-room.ts'
import { type KeptClaim, readClaim, writeClaim } from '../../../firmware/controller/claims.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { claimMs } from '../../../firmware/plan/claim.ts'

async function newRoom() {
  const store = await openStore(memoryTable())
  const room = new ClaimRoom(store)
  let nowMs = 1_000
  const hello = async (source: string | null, more: Partial<KeptClaim> = {}): Promise<string> => {
    const deviceId = randomBytes(32).toString('hex')
    const claim: KeptClaim = {
      ...{ deviceId, commitment: '', controllerNonce: '', nonce: '', publicKey: '', source },
      ...{ keeping: 'software', offeredMs: nowMs++, state: 'offered', code: null, site: null },
      ...{ tries: 0, lockedUntilMs: 0, ...more },
    }
    await room.admit(claim, nowMs)
    await writeClaim(store, { claim, revision: 0 })
    return deviceId
  }
  const isThere = async (id: string): Promise<boolean> => (await readClaim(store, id)) !== null
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { hello, isThere, pass }
}

test('one place has so much room: of more devices its own oldest give way, those not opened first', async () => {
  const { hello, isThere } = await newRoom()
  const other = await hello('other')
  const opened = await hello('here', { state: 'opened', code: 'X' })
  const first = await hello('here')
  for (let at = 2; at < 200; at++) await hello('here')
  assert.ok(await isThere(first))
  await hello('here')
  assert.deepEqual(await Promise.all([other, opened, first].map(isThere)), [true, true, false])
})

test('a flood from many places takes the room of those that take most, and nobody is sent away', async () => {
  const { hello, isThere } = await newRoom()
  const [mine, typed] = [await hello('mine'), await hello('a', { tries: 1 })]
  const claimed = await hello('b', { state: 'claimed', code: 'X', site: 'berlin' })
  for (let at = 0; at < 1_200; at++) {
    await hello(`flood ${at % 10}`, at % 2 === 0 ? {} : { state: 'opened', code: 'X' })
  }
  const late = await hello('late')
  const known = await hello(null)
  assert.deepEqual(await Promise.all([mine, typed, claimed, late, known].map(isThere)), [
    ...Array(5).fill(true),
  ])
})

test('what is over goes before anything else', async () => {
  const { hello, isThere, pass } = await newRoom()
  const claimed = await hello('a', { state: 'claimed', code: 'X', site: 'berlin' })
  pass(2 * claimMs + 1)
  const early = await hello('b')
  for (let at = 2; at < 1_000; at++) await hello(`place ${at}`)
  await hello('late')
  assert.deepEqual(await Promise.all([claimed, early].map(isThere)), [false, true])
})
