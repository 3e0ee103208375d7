/** A controller's side of links, against boxes and people who do what they should not, or at the wrong moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { fakeLinks } from '../../../firmware/host/link/fake.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { EdgeMessage } from '../../../firmware/model/control-link.ts'
import { newWorld, tenant, voice, World, wallMs } from '../gateway/controller-link-world.ts'

const hello: EdgeMessage = { kind: 'hello', protocol: 1, firmware: 'test', revision: 0, tried: 0 }

/** A link of a box that says what a test has it say. */
function call(world: World, isReleased = false) {
  const links = fakeLinks()
  const heard: string[] = []
  const ends: number[] = []
  links.box.onMessage((text) => heard.push((JSON.parse(text) as { kind: string }).kind))
  links.box.onClose(({ code }) => ends.push(code))
  const { deviceId, expiresMs } = world
  world.desk.onLink(links.controller, { deviceId, wireKey: '', expiresMs, isReleased })
  const say = (message: EdgeMessage): void => links.box.send(JSON.stringify(message))
  return { ...{ links, heard, ends, say } }
}

async function settled(): Promise<void> {
  for (let round = 0; round < 50; round++) await new Promise((passed) => setImmediate(passed))
}

/** The same desk on a store whose answers about boxes come when they are let. */
function slowly(store: Store) {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const slow: Store = {
    ...{ range: (range) => store.range(range), revision: () => store.revision() },
    ...{ commit: (commit) => store.commit(commit), backup: () => store.backup() },
    watch: (prefix, after) => store.watch(prefix, after),
    get: async (key) => {
      if (key.startsWith('edge/')) {
        asked.resolve()
        await gate.promise
      }
      return store.get(key)
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
  return { slow, open: gate.resolve, asked: asked.promise }
}

const refusalsOf = async ({ store }: World): Promise<string[]> =>
  (await readAudit(store, tenant, 0)).entries.flatMap(({ what, code }) =>
    code === null ? [] : [`${what} ${code}`],
  )

test('what another tenant once had a box told is not sent to it', async () => {
  await using world = await newWorld()
  const key = `edge/${world.deviceId}`
  const edge = JSON.parse((await world.store.get(key))!.value) as object
  const moved = { key, value: JSON.stringify({ ...edge, tenant: 'other' }) }
  await world.store.commit({ conditions: [], changes: [moved] })
  world.start()
  await world.until('a welcome', () => world.sent.includes('welcome'))
  const { value } = (await world.store.get(`config/${world.deviceId}`))!
  // Once more, so that the watch tells of it.
  const again = { key: `config/${world.deviceId}`, value }
  await world.store.commit({ conditions: [], changes: [again] })
  await world.until('its place in the list', () => world.desk.attached.length === 1)
  for (let round = 0; round < 20; round++) await new Promise((passed) => setImmediate(passed))
  assert.deepEqual(world.sent, ['welcome'])
})

test('what a box has refused is not sent to it again when it calls again: what it said of it stands', async () => {
  await using world = await newWorld()
  const { revision } = await world.published()
  const first = call(world)
  first.say(hello)
  await world.until('a configuration', () => first.heard.includes('config'))
  first.say({ kind: 'refused', revision, code: 'CONFIG_NIC_MISSING', message: 'no eth7' })
  await world.answered(revision)
  const second = call(world)
  second.say({ ...hello, tried: revision })
  await world.until('a welcome', () => second.heard.includes('welcome'))
  await settled()
  assert.deepEqual(second.heard, ['welcome'])
  // What comes after it is another matter.
  await world.publish(voice(100))
  await world.until('the next one', () => second.heard.includes('config'))
})

test('a link that breaks while its first message is looked at is not up for that', async () => {
  const { store, authority } = await newWorld()
  const { slow, open, asked } = slowly(store)
  await using world = new World(slow, authority)
  const { links, say } = call(world)
  say(hello)
  await asked
  links.cut()
  open()
  await settled()
  assert.deepEqual(world.desk.attached, [])
})

test('what a box says is looked at one after the other: nothing overtakes its first message', async () => {
  const { store, authority } = await newWorld()
  const { slow, open, asked } = slowly(store)
  await using world = new World(slow, authority)
  const { say } = call(world)
  say(hello)
  await asked
  const rest = { peersUp: 1, peers: 1, rxBytes: 0, txBytes: 0 }
  say({ kind: 'report', isHealthy: true, problems: [], ...rest })
  await settled()
  open()
  await world.until('its report', () => world.desk.attached[0]?.report?.peersUp === 1)
})

test('a box that floods is not listened to any more, and fills no log', async () => {
  await using world = await newWorld()
  const flooding = call(world)
  flooding.say(hello)
  await world.until('a welcome', () => flooding.heard.includes('welcome'))
  for (let at = 0; at < 20_000; at++) {
    flooding.say({ kind: 'refused', revision: at, code: 'CONFIG_INVALID', message: 'no' })
  }
  await world.until('its end', () => flooding.ends.length === 1)
  assert.deepEqual(flooding.ends, [4_004])
  await world.until('a word in the log', async () =>
    (await refusalsOf(world)).includes('edge.link LINK_FLOODED'),
  )
  assert.ok((await refusalsOf(world)).length <= 40, String((await refusalsOf(world)).length))
  assert.deepEqual(world.desk.attached, [])
})

test('what a box refuses again and again is told as often as there is room, and the rest is counted', async () => {
  await using world = await newWorld()
  const { say, heard } = call(world)
  say(hello)
  await world.until('a welcome', () => heard.includes('welcome'))
  for (let at = 1; at <= 60; at++) {
    say({ kind: 'refused', revision: at, code: 'CONFIG_INVALID', message: 'no' })
    await settled()
  }
  assert.equal((await refusalsOf(world)).length, 30)
  assert.equal(world.desk.attached.length, 1)
})

test('only boxes that somebody has may have a link; who was released is told so at once, and it is in the log once', async () => {
  await using world = await newWorld()
  const caller = { deviceId: world.deviceId, wireKey: '', expiresMs: world.expiresMs }
  const standing = async (deviceId: string) =>
    (await world.desk.admit({ ...caller, deviceId }))?.isReleased ?? null
  assert.equal(await standing('cd'.repeat(32)), null)
  assert.equal(await standing(world.deviceId), false)
  await releaseEdge(world.store, world.authority, { who: 'ada', tenant }, world.deviceId, wallMs)
  assert.equal(await standing(world.deviceId), true)
  for (let round = 0; round < 3; round++) {
    const { heard, ends } = call(world, true)
    // It need not say anything for that.
    await world.until('its end', () => ends.length === 1)
    assert.deepEqual([heard, ends], [['released'], [4_003]])
  }
  assert.deepEqual(await refusalsOf(world), ['edge.link ZTP_RELEASED'])
})

test('a box has one link that has not said who it is, and calls no more often than a box does', async () => {
  await using world = await newWorld()
  const first = call(world)
  const second = call(world)
  await world.until('the end of the first', () => first.ends.length === 1)
  assert.deepEqual([first.ends, second.ends], [[4_001], []])
  const caller = { deviceId: world.deviceId, wireKey: '', expiresMs: world.expiresMs }
  let admitted = 0
  for (let round = 0; round < 100; round++) {
    if ((await world.desk.admit(caller)) !== null) admitted++
  }
  assert.equal(admitted, 20)
  await world.clock.advance(4_000)
  assert.notEqual(await world.desk.admit(caller), null)
})
