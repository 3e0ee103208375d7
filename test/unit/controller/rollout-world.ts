/** What rollouts are tested with: a controller that looks often, whole gateways with slots in memory, and waits that end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { type FakeSlots, fakeSlots } from '../../../firmware/host/slots/fake.ts'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type { EdgeAnswer } from '../../../firmware/model/controller-api.ts'
import type { Rollout, RolloutAnswer } from '../../../firmware/model/rollout.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import type { Person, World } from '../cli/ctl-world.ts'
import { type Box, openBox, until as untilThere } from '../gateway/box.ts'
import { fakeHost } from '../gateway/sample-system.ts'
import { sampleConfig } from '../model/sample-config.ts'

const soonMs = 200

/** What its controller looks at some times a minute, it looks at often. */
export function lookedAfter({ controller }: World): Disposable {
  const timer = setInterval(() => controller.rollouts.wake(), soonMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

export interface Appliance {
  readonly box: Box
  readonly deviceId: string
  readonly slots: FakeSlots
  /** It was told to start anew. */
  readonly isDown: () => boolean
  /** As its supervisor does after the machine's start. */
  readonly startAnew: () => Promise<void>
}

/** A box of the owner, at a site. */
export async function appliance(
  context: TestContext,
  { world, owner }: { readonly world: World; readonly owner: Person },
  site: string,
): Promise<Appliance> {
  const box = await openBox(context, undefined, soonMs)
  const slots = fakeSlots('0.1.0')
  const host = fakeHost(undefined, true)
  Object.assign(box.host, { power: host.power, slots })
  box.wireKey = x25519Pair(randomBytes(32))
  const { factoryConfig, controllerSettings } = box.places
  await mkdir(dirname(factoryConfig), { recursive: true })
  const { uplinks } = sampleConfig()
  const blank = { version: 1, revision: 0, site: 'blank', overlay: { port: 51820 }, uplinks }
  const tenant = '00000000-0000-4000-8000-000000000000'
  await writeFile(
    factoryConfig,
    JSON.stringify({ ...blank, tenant, segments: [], lans: [], peers: [] }),
  )
  const controllers = [`127.0.0.1:${world.port}`]
  const roots = [await readFile(join(owner.root, 'root.key.pub'), 'utf8')]
  await writeFile(controllerSettings, stringify({ controllers, roots }))
  await box.start()
  await box.line('waits to be claimed')
  const asked = await askApi(box.places.apiSocket, '/api/v1/enrolment')
  const { deviceId } = JSON.parse(asked) as { deviceId: string }
  const claimed = await owner.ctl('claim', deviceId, site, '--listed')
  assert.equal(claimed.code, 0, claimed.err)
  await box.line('has an owner')
  return {
    ...{ box, deviceId, slots },
    isDown: () => host.restarts.length > 0,
    startAnew: async () => {
      host.restarts.length = 0
      await box.stop()
      slots.restart()
      box.newDatapath()
      await box.start()
    },
  }
}

/** A test that waits in vain says for what, and ends. */
export async function until<Value>(
  ask: () => Value | null | Promise<Value | null>,
): Promise<Value> {
  const deadlineMs = performance.now() + 60_000
  return untilThere(() => {
    assert.ok(performance.now() < deadlineMs, `in vain: ${String(ask)}`)
    return ask()
  })
}

export async function does(person: Person, ...argv: string[]): Promise<void> {
  const { code, err } = await person.ctl(...argv)
  assert.equal(code, 0, err)
}

export async function show(person: Person): Promise<RolloutAnswer> {
  return JSON.parse((await person.ctl('firmware', 'show', '--json')).out) as RolloutAnswer
}

/** How many its controller has heard of. */
export async function problemsOf(person: Person, site: string): Promise<number | undefined> {
  const { edges } = JSON.parse((await person.ctl('edges', '--json')).out) as EdgeAnswer
  return edges.find((edge) => edge.site === site)?.health?.problems.length
}

/** Until the rollout is so. */
export function stateIs(person: Person, state: Rollout['state']): Promise<RolloutAnswer> {
  return until(async () => {
    const answer = await show(person)
    return answer.rollout?.state === state ? answer : null
  })
}

/** Until the box of a site is in that phase. */
export function phaseOf(person: Person, site: string, phase: string): Promise<RolloutAnswer> {
  return until(async () => {
    const answer = await show(person)
    return answer.boxes.some((box) => box.site === site && box.phase === phase) ? answer : null
  })
}
