/**
 * Rollouts over 200 boxes that go offline, go back, refuse, fall silent, get worse and know nothing of it, and a controller that
 * begins anew at any moment: on a clock of its own, from a seed. SEED=n node --test test/sim/rollout.test.ts runs that one alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FirmwareState, OrderPhase } from '../../firmware/model/firmware-order.ts'
import type { Rollout, RolloutBox } from '../../firmware/model/rollout.ts'
import { isUnderWay, planRollout, resumed } from '../../firmware/plan/rollout.ts'
import { isFailed, isOver, type SeenBox } from '../../firmware/plan/rollout-box.ts'

const onlySeed = process.env.SEED === undefined ? null : Number(process.env.SEED)
const minuteMs = 60_000
const stepMs = 10_000
const old = '0.1.0'
const version = '0.2.0'

type Nature = 'good' | 'back' | 'refuses' | 'dies' | 'worse' | 'unable' | 'speechless' | 'gone'

/** A box as it is, whatever the controller knows of it. */
interface Box {
  readonly deviceId: string
  readonly nature: Nature
  isUp: boolean
  linkMs: number
  running: string
  order: string | null
  phase: OrderPhase
  /** Told by the link that it has. */
  isConfirmed: boolean
  phaseMs: number
  isWell: boolean
  wellMs: number
  told: { order: string | null; atMs: number } | null
  /** How often it began to fetch. */
  fetched: number
  restarts: number
}

/** Mulberry32. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class World {
  nowMs = Date.UTC(2026, 0, 1)
  readonly random: () => number
  readonly boxes: Box[]
  rollout: Rollout
  kept: RolloutBox[]

  constructor(
    seed: number,
    natures: (index: number, random: () => number) => Nature,
    wave: number,
  ) {
    this.random = chance(seed)
    this.boxes = Array.from({ length: 200 }, (_, index) => ({
      ...{ deviceId: `box-${index}`, nature: natures(index, this.random), linkMs: this.nowMs },
      ...{ isUp: this.random() < 0.8, running: old, order: null, phase: 'none', phaseMs: 0 },
      ...{
        isConfirmed: false,
        isWell: true,
        wellMs: this.nowMs,
        told: null,
        fetched: 0,
        restarts: 0,
      },
    }))
    for (const box of this.boxes) if (box.nature === 'gone') box.isUp = false
    const startedMs = this.nowMs
    this.rollout = {
      ...{ id: 'ab'.repeat(8), version, state: 'running', why: null, by: 'ada', wave },
      ...{
        soakMs: 10 * minuteMs,
        hours: null,
        startedMs,
        untilMs: startedMs + 24 * 60 * minuteMs,
      },
      isPastCanaries: false,
    }
    this.kept = this.boxes.map(({ deviceId }, index) => ({
      ...{ deviceId, site: `site-${index}`, isCanary: index < 3, isHub: index % 50 === 7 },
      ...{ phase: 'waits', sinceMs: startedMs, awayMs: null, why: null, before: null },
    }))
  }

  seen(): Map<string, SeenBox> {
    const up = this.boxes.filter(({ isUp }) => isUp)
    return new Map(up.map((box) => [box.deviceId, this.#seenOf(box)]))
  }

  /** One look of the controller, and what follows from it. */
  look(): void {
    const { rollout, changed, tell, callOff } = planRollout(this.rollout, this.kept, {
      seen: this.seen(),
      owned: new Set(this.boxes.map(({ deviceId }) => deviceId)),
      architectures: new Set(['x86_64']),
      nowMs: this.nowMs,
    })
    this.rollout = rollout
    const now = new Map(changed.map((box) => [box.deviceId, box]))
    this.kept = this.kept.map((box) => now.get(box.deviceId) ?? box)
    for (const deviceId of callOff) this.#hear(deviceId, null)
    for (const deviceId of tell) this.#hear(deviceId, rollout.id)
  }

  /** Of the controller: links are new, and nobody remembers what was told by the old ones. */
  restart(): void {
    for (const box of this.boxes) if (box.isUp) this.#link(box)
  }

  step(): void {
    this.nowMs += stepMs
    for (const box of this.boxes) this.#live(box)
  }

  #seenOf(box: Box): SeenBox {
    const { nature, running, order, phase, told } = box
    const said: FirmwareState = {
      ...{ running, architecture: 'x86_64', isSupported: nature !== 'unable' },
      ...{ isProven: phase !== 'proving', order, phase, bytes: 0 },
      code: phase === 'went-back' || phase === 'refused' ? 'UPDATE_REFUSED' : null,
      message: '',
    }
    return {
      linkMs: this.nowMs - box.linkMs,
      said: nature === 'speechless' ? null : said,
      health: { isHealthy: box.isWell, problems: box.isWell ? 0 : 1 },
      healthMs: this.nowMs - box.wellMs,
      told: told === null ? null : { order: told.order, ms: this.nowMs - told.atMs },
    }
  }

  #hear(deviceId: string, order: string | null): void {
    const box = this.boxes.find((one) => one.deviceId === deviceId)!
    assert.ok(box.isUp, 'told without a link')
    box.told = { order, atMs: this.nowMs }
    if (this.random() < 0.05) {
      // A word is lost with its link.
      box.isUp = false
      return
    }
    if (box.phase === 'restarting' || box.phase === 'proving') return
    box.isConfirmed = order !== null
    if (order === box.order) return
    box.order = order
    this.#turn(box, order === null ? 'none' : 'downloading')
    if (order !== null) box.fetched++
  }

  #turn(box: Box, phase: OrderPhase): void {
    box.phase = phase
    box.phaseMs = this.nowMs
  }

  #link(box: Box): void {
    Object.assign(box, { isUp: true, linkMs: this.nowMs, isConfirmed: false, told: null })
    box.wellMs = this.nowMs
  }

  #live(box: Box): void {
    if (box.nature === 'gone') return
    if (box.phase === 'restarting') {
      this.#restarting(box)
      return
    }
    if (this.random() < (box.isUp ? 0.005 : 0.05)) {
      if (box.isUp) box.isUp = false
      else this.#link(box)
    }
    const ageMs = this.nowMs - box.phaseMs
    if (box.phase === 'downloading' && box.isUp && this.random() < 0.05) {
      this.#turn(box, box.nature === 'refuses' ? 'refused' : 'installed')
    } else if (box.phase === 'installed' && box.isUp && box.isConfirmed && this.random() < 0.3) {
      this.#turn(box, 'restarting')
      box.restarts++
    } else if (box.phase === 'proving' && ageMs > minuteMs) {
      this.#turn(box, 'done')
      if (box.nature === 'worse') Object.assign(box, { isWell: false, wellMs: this.nowMs })
    }
  }

  #restarting(box: Box): void {
    const ageMs = this.nowMs - box.phaseMs
    box.isUp = false
    if (ageMs < 2 * minuteMs || box.nature === 'dies') return
    const isBack = box.nature === 'back'
    box.running = isBack ? old : version
    this.#turn(box, isBack ? 'went-back' : 'proving')
    this.#link(box)
  }
}

/** Boxes that start anew, or may do so without another word: what can go wrong at once. */
function underWay({ boxes, kept }: World): number {
  return boxes.filter(({ phase, isUp, isConfirmed }, index) => {
    // Nobody waits for it any more.
    if (kept[index]!.phase === 'silent') return false
    if (phase === 'restarting' || phase === 'proving') return true
    return isUp && isConfirmed && (phase === 'downloading' || phase === 'installed')
  }).length
}

const mixed = (_: number, random: () => number): Nature => {
  const at = random()
  if (at < 0.9) return 'good'
  const rest = ['back', 'refuses', 'dies', 'worse', 'unable', 'speechless', 'gone'] as const
  return rest[Math.floor(random() * rest.length)]!
}

function simulate(name: string, seeds: number, run: (seed: number) => void): void {
  test(name, () => {
    const all = Array.from({ length: seeds }, (_, index) => index + 1)
    for (const seed of onlySeed === null ? all : [onlySeed]) {
      try {
        run(seed)
      } catch (cause) {
        throw new Error(`fails with SEED=${seed}: ${(cause as Error).message}`, { cause })
      }
    }
  })
}

const mostSteps = (40 * 24 * 60 * minuteMs) / stepMs

simulate(
  'never more than the wave at once; it halts by the first failure, and always ends',
  8,
  (seed) => {
    const wave = 4 + (seed % 9)
    const world = new World(
      seed,
      (index, random) => (index < 3 ? 'good' : mixed(index, random)),
      wave,
    )
    let steps = 0
    let fetchedAtHalt = 0
    for (; world.rollout.state !== 'done'; steps++) {
      assert.ok(steps < mostSteps, 'it does not end')
      const failed = world.kept.filter(({ phase }) => isFailed(phase)).length
      world.look()
      const isNew = world.kept.filter(({ phase }) => isFailed(phase)).length > failed
      if (isNew) assert.equal(world.rollout.state, 'halted')
      assert.ok(world.kept.filter(isUnderWay).length <= wave, 'more than the wave are told')
      assert.ok(underWay(world) <= wave, `${underWay(world)} are on their way`)
      assert.ok(world.kept.filter((box) => box.isHub && isUnderWay(box)).length <= 1, 'two hubs')
      if (!world.rollout.isPastCanaries) {
        const others = world.kept.filter((box) => !box.isCanary && isUnderWay(box))
        assert.deepEqual(others, [])
      }
      if (world.rollout.state === 'halted') {
        const fetched = world.boxes.reduce((sum, box) => sum + box.fetched, 0)
        if (fetchedAtHalt === 0) fetchedAtHalt = fetched
        assert.equal(fetched, fetchedAtHalt, 'somebody is told while it is halted')
        // Somebody has a look, and has it go on.
        if (world.random() < 0.2) world.rollout = resumed(world.rollout, world.kept)
      } else fetchedAtHalt = 0
      if (world.random() < 0.002) world.restart()
      world.step()
    }
    assert.ok(world.kept.every(({ phase }) => isOver(phase)))
    for (const [index, { phase }] of world.kept.entries()) {
      const { nature, running, restarts, fetched } = world.boxes[index]!
      const told = `${nature} is ${phase}, fetched ${fetched}`
      if (nature === 'good') assert.ok(phase === 'done' && running === version, told)
      if (nature === 'back') assert.equal(phase, 'went-back', told)
      if (nature === 'refuses') assert.equal(phase, 'refused', told)
      if (nature === 'dies') assert.equal(phase, 'silent', told)
      if (nature === 'worse') assert.equal(phase, 'unwell', told)
      if (nature === 'gone') assert.equal(phase, 'away', told)
      if (nature === 'unable' || nature === 'speechless') assert.equal(phase, 'passed-over', told)
      // Nobody is told anew what it has refused or gone back from.
      assert.ok(restarts <= 1, `${told}, restarts ${restarts}`)
    }
  },
)

simulate('where every box fails, no more than one wave has tried it', 6, (seed) => {
  const wave = 5
  const world = new World(seed, () => 'back', wave)
  for (let steps = 0; steps < 3_000; steps++) {
    world.look()
    world.step()
  }
  assert.equal(world.rollout.state, 'halted')
  const tried = world.boxes.filter(({ restarts }) => restarts > 0).length
  assert.ok(tried >= 1 && tried <= wave, `${tried} have tried it`)
  assert.ok(world.kept.slice(3).every(({ phase }) => phase === 'waits'))
})
