/** `causeway slots prove`: 0 marks the slot good, 1 sends the machine back, 3 leaves it as it is; and what is told of it afterwards. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { prove } from '../../../firmware/cli/slots-prove.ts'
import { readSlotNote } from '../../../firmware/host/slots/note.ts'
import { type ApplianceBox, openApplianceBox, type Said } from './appliance-box.ts'
import { cli } from './shell.ts'

/** Steady for three looks; a box that lacks something is given up after a second. */
const quick = { mostMs: 1_500, pauseMs: 40, steadyMs: 100 }
/** Of a box that will be well: as long as it takes beside other work. */
const patient = { ...quick, mostMs: 60_000 }

const proven = (box: ApplianceBox): Promise<Said> => box.called((call) => prove(call, patient))
const failing = (box: ApplianceBox): Promise<Said> => box.called((call) => prove(call, quick))

/** 0.2.0 was installed while all was well, and has been started. */
async function onTrial(context: TestContext): Promise<ApplianceBox> {
  const box = await openApplianceBox(context)
  box.status = { ...box.status, uplinks: box.status.uplinks.map((one) => ({ ...one, isUp: true })) }
  box.enrolment = { ...box.enrolment, state: 'owned', isLinked: true }
  assert.equal((await box.typed('slots', 'install', box.bundle('0.2.0'))).code, 0)
  box.start('0.2.0')
  return box
}

const silent = { state: 'owned', isLinked: false } as const
const noPeers = (box: ApplianceBox) =>
  box.status.peers.map((one) => ({ ...one, state: 'down' as const }))

test('an update that does what was done before is marked good', async (context) => {
  const box = await onTrial(context)
  const said = await proven(box)
  assert.deepEqual(said, { code: 0, out: 'slot B has proven itself\n', err: '' })
  assert.deepEqual([box.boot().good, box.boot().b], ['B', 'ok'])
  assert.deepEqual(box.news, [{ version: '0.2.0', isProven: true, reason: null }])
})

test('one that reaches nobody any more is given up: 1, with the reasons, for whoever asks after it', async (context) => {
  const box = await onTrial(context)
  box.status = { ...box.status, peers: noPeers(box) }
  box.enrolment = { ...box.enrolment, ...silent }
  const { code, err } = await failing(box)
  const reason = 'it does not reach the controller or any peer, which was reached before'
  assert.equal(code, 1)
  assert.equal(err, `not proven yet: ${reason}\nslot B not proven: ${reason}\n`)
  assert.equal(box.boot().good, 'A')
  box.start('0.1.0')
  const { out } = await box.typed('slots')
  assert.match(out, new RegExp(`B +0\\.2\\.0 +failed *\nB: it did not prove itself: ${reason}\n`))
  // What runs again is as good as it was, whoever is away.
  assert.equal((await proven(box)).code, 0)
  assert.match((await box.typed('slots')).out, /B +0\.2\.0 +failed/)
  assert.deepEqual(
    box.news.map(({ isProven }) => isProven),
    [false],
  )
})

test('who was not reached before need not be reached', async (context) => {
  const box = await openApplianceBox(context)
  await box.typed('slots', 'install', box.bundle('0.2.0'))
  box.start('0.2.0')
  const note = (await readSlotNote(box.places.slotNote))!
  const before = { ...note.before, isLinked: false, peersUp: 0 }
  writeFileSync(
    box.places.slotNote,
    JSON.stringify({ ...note, before, whatever: 'a newer one says' }),
  )
  box.status = {
    ...box.status,
    peers: noPeers(box),
    uplinks: box.status.uplinks.map((one) => ({ ...one, isUp: false })),
  }
  assert.equal((await proven(box)).code, 0)
})

test('a gateway that does not answer, or cannot have the slot marked, is none', async (context) => {
  const box = await onTrial(context)
  box.service('busy')
  const unmarked = await failing(box)
  assert.equal(unmarked.code, 1)
  assert.match(unmarked.err, /it cannot be marked: .*UPDATE_BUSY/)
  await box.closeGateway()
  const dead = await failing(box)
  assert.equal(dead.code, 1)
  assert.match(dead.err, /slot B not proven: the gateway does not answer: .*API_UNREACHABLE/)
})

test('a gateway that keeps starting anew is none', async (context) => {
  const box = await onTrial(context)
  let uptimeSeconds = 10
  const { status } = box
  // Each look meets another one.
  Object.defineProperty(box, 'status', {
    get: () => {
      uptimeSeconds -= 0.01
      return { ...status, uptimeSeconds }
    },
  })
  const { code, err } = await failing(box)
  assert.deepEqual([code, err], [1, 'slot B not proven: it was well for too short a time\n'])
})

test('what was good before is never sent back: 3 without gateway or datapath, 0 without anybody else', async (context) => {
  const box = await openApplianceBox(context)
  box.enrolment = { ...box.enrolment, ...silent }
  box.status = { ...box.status, peers: noPeers(box), isApplied: false }
  assert.equal((await proven(box)).code, 0)
  box.status = { ...box.status, datapathUptimeSeconds: null }
  const { code, err } = await failing(box)
  assert.deepEqual([code, /slot A not proven: the datapath does not answer/.test(err)], [3, true])
  await box.closeGateway()
  assert.equal((await failing(box)).code, 3)
})

test('while the boot loader’s word cannot be read, an update that was noted is on trial', async (context) => {
  const box = await onTrial(context)
  await box.closeGateway()
  writeFileSync(join(box.root, 'grubenv'), 'good=A\n')
  writeFileSync(join(box.root, 'cmdline'), 'quiet\n')
  assert.equal((await failing(box)).code, 1)
  const note = (await readSlotNote(box.places.slotNote))!
  writeFileSync(box.places.slotNote, JSON.stringify({ ...note, isProven: true }))
  assert.equal((await failing(box)).code, 3)
})

test('a slot that somebody went back to was good before, and is left again if it is none any more', async (context) => {
  const box = await onTrial(context)
  await proven(box)
  await box.typed('slots', 'rollback')
  box.start('0.1.0')
  box.status = { ...box.status, peers: noPeers(box), datapathUptimeSeconds: null }
  box.enrolment = { ...box.enrolment, ...silent }
  assert.equal((await failing(box)).code, 1)
  box.status = { ...box.status, datapathUptimeSeconds: 3 }
  assert.equal((await proven(box)).code, 0)
  assert.equal(box.boot().good, 'A')
})

test('a machine without slots has nothing to prove', async () => {
  const said = await cli('slots', 'prove')
  assert.deepEqual(said, { code: 0, out: 'this machine has no slots: nothing to prove\n', err: '' })
})
