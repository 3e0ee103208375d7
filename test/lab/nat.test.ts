/**
 * The NATs of a lab, asked by sockets that know nothing of Causeway: of each kind, what a mapping depends on, what it lets in,
 * how long it lives, and what becomes of it when the router changes. RFC 4787. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { bare } from './description.ts'
import { type Lab, openLab } from './lab.ts'
import { type Nat, natsOf } from './nat.ts'
import { type NatBehaviour, type NatKind, natBehaviours } from './nat-kind.ts'
import { describeNatSites, describeSharedNat } from './nat-sites.ts'
import { ip } from './network.ts'
import type { Program } from './program.ts'

const heardMs = 5_000
/** Ends outside: two addresses, two ports. */
const first = '203.0.113.1:7000'
const samePlace = '203.0.113.1:7001'
const elsewhere = '192.0.2.1:7000'
const web = '192.0.2.1:443'
const allEnds = [first, samePlace, elsewhere, web]
const port = 51_820

/** A place with sockets. */
class Place {
  readonly #program: Program

  constructor(program: Program) {
    this.#program = program
  }

  send(from: string, to: string, text: string): void {
    this.#program.write(`${JSON.stringify({ from, to, text })}\n`)
  }

  /** From where it came. */
  async hears(text: string): Promise<string> {
    const said = await this.#program.line((line) => line.endsWith(`"text":"${text}"}`), heardMs)
    return (JSON.parse(said) as { from: string }).from
  }

  hasHeard(text: string): boolean {
    return this.#program.tail.includes(`"text":"${text}"}`)
  }
}

let sent = 0
const fresh = (): string => `probe ${++sent}`

async function startPlace(lab: Lab, where: string, ends: readonly string[]): Promise<Place> {
  const program = lab.spawn(where, nodeProgram(ends), { title: `nat-probe at ${where}` })
  await program.line((line) => line.includes('"listening"'), 10_000)
  return new Place(program)
}

function nodeProgram(ends: readonly string[]): string[] {
  return [process.execPath, `${import.meta.dirname}/traffic/nat-probe.ts`, ...ends]
}

/** The box of a site as a plain host with sockets at 51820 and the ports after it. */
async function startInside(lab: Lab, name: string, ports = 1): Promise<Place> {
  const { nic, address, gateway } = lab.sites.find((site) => site.name === name)!.wan
  await ip(lab.netns(name), [
    `address add ${address} dev ${nic}`,
    `route add default via ${bare(gateway)}`,
  ])
  const ends = Array.from({ length: ports }, (_, number) => `${bare(address)}:${port + number}`)
  return startPlace(lab, name, ends)
}

interface Scene {
  readonly lab: Lab
  readonly inside: Place
  readonly outside: Place
  /** End of the inside's first socket. */
  readonly end: string
  readonly nats: readonly Nat[]
}

async function startScene(lab: Lab, ends: readonly string[] = allEnds): Promise<Scene> {
  const inside = await startInside(lab, 'left', 3)
  const outside = await startPlace(lab, 'internet', ends)
  return { lab, inside, outside, end: endOf(lab, 'left'), nats: natsOf(lab, 'left') }
}

function endOf(lab: Lab, name: string, number = 0): string {
  return `${bare(lab.sites.find((site) => site.name === name)!.wan.address)}:${port + number}`
}

/** Sends from inside. @returns where the receiver believes it to come from */
async function mapped({ inside, outside, end }: Scene, to: string, from = end): Promise<string> {
  const text = fresh()
  inside.send(from, to, text)
  return outside.hears(text)
}

/** Whether what is sent to a mapping gets in; what is let in for certain comes right behind it. */
async function getsIn(scene: Scene, from: string, mapping: string): Promise<boolean> {
  const [text, mark] = [fresh(), fresh()]
  scene.outside.send(from, mapping, text)
  scene.outside.send(first, mapping, mark)
  await scene.inside.hears(mark)
  return scene.inside.hasHeard(text)
}

/** Whether what is sent from inside gets out; the same way. */
async function getsOut(scene: Scene, to: string): Promise<boolean> {
  const text = fresh()
  scene.inside.send(scene.end, to, text)
  await mapped(scene, web)
  return scene.outside.hasHeard(text)
}

async function assertBehaviour(scene: Scene, { mapping, filtering }: NatBehaviour, known: string) {
  const own = await mapped(scene, known)
  assert.equal(own.split(':')[0], scene.nats.at(-1)!.publicAddress)
  assert.notEqual(own.split(':')[1], String(port))
  // Nobody else was sent anything from it yet.
  assert.equal(await getsIn(scene, samePlace, own), filtering !== 'address-and-port')
  assert.equal(await getsIn(scene, elsewhere, own), filtering === 'endpoint-independent')
  // What was refused has not taken the mapping's place.
  const others = [await mapped(scene, samePlace), await mapped(scene, elsewhere)]
  const isSame = mapping === 'endpoint-independent'
  for (const other of others) assert.equal(other === own, isSame, `${own}, ${other}`)
  assert.notEqual(await mapped(scene, known, scene.end.replace(/.$/, '1')), own)
  const answer = fresh()
  scene.outside.send(elsewhere, others[1]!, answer)
  assert.equal(await scene.inside.hears(answer), elsewhere)
}

describe('a router', () => {
  let lab: Lab
  let scene: Scene
  let nat: Nat

  before(async () => {
    lab = await openLab(describeNatSites('port-restricted', 'none'))
    scene = await startScene(lab)
    nat = scene.nats[0]!
  })
  after(() => lab?.[Symbol.asyncDispose]())

  for (const [kind, behaviour] of Object.entries(natBehaviours)) {
    if (kind === 'port-443') continue
    test(`that is ${kind} maps and filters so`, async () => {
      await nat.become({ kind: kind as NatKind })
      await assertBehaviour(scene, behaviour, first)
    })
  }

  test('that is symmetric-counting gives each mapping the next port', async () => {
    await nat.become({ kind: 'symmetric-counting' })
    const made: number[] = []
    for (const end of [first, samePlace, elsewhere]) {
      made.push(Number((await mapped(scene, end)).split(':')[1]))
    }
    assert.deepEqual(made, [made[0], made[0]! + 1, made[0]! + 2])
    assert.equal(Number((await mapped(scene, samePlace)).split(':')[1]), made[1])
  })

  test('that is port-443 lets no UDP out but to that port', async () => {
    await nat.become({ kind: 'port-443' })
    assert.equal(await getsOut(scene, elsewhere), false)
    assert.equal(await getsOut(scene, first), false)
    const own = await mapped(scene, web)
    assert.notEqual(own.split(':')[1], String(port))
    const [refused, answer] = [fresh(), fresh()]
    scene.outside.send(elsewhere, own, refused)
    scene.outside.send(web, own, answer)
    await scene.inside.hears(answer)
    assert.equal(scene.inside.hasHeard(refused), false)
  })

  test('keeps a mapping while it is used, and has another one later', async () => {
    await nat.become({ kind: 'full-cone', timeoutSeconds: 1 })
    const own = await mapped(scene, first)
    for (let time = 0; time < 5; time++) {
      await passed(400)
      assert.equal(await mapped(scene, elsewhere), own)
    }
    await passed(1_500)
    const stranger = fresh()
    scene.outside.send(samePlace, own, stranger)
    const next = await mapped(scene, first)
    assert.notEqual(next, own)
    assert.equal(await getsIn(scene, elsewhere, next), true)
    assert.equal(scene.inside.hasHeard(stranger), false)
    await nat.become({ timeoutSeconds: 120 })
  })

  test('forgets all when it is restarted', async () => {
    await nat.become({ kind: 'port-restricted' })
    const own = await mapped(scene, first)
    await nat.flush()
    const stranger = fresh()
    scene.outside.send(first, own, stranger)
    const next = await mapped(scene, first)
    assert.notEqual(next, own)
    await getsIn(scene, first, next)
    assert.equal(scene.inside.hasHeard(stranger), false)
  })

  test('gets another public address, which is all that is seen from then on', async () => {
    await nat.become({ kind: 'port-restricted' })
    const own = await mapped(scene, first)
    await nat.moveTo('198.51.100.5')
    const next = await mapped(scene, first)
    assert.match(next, /^198\.51\.100\.5:/)
    const [late, answer] = [fresh(), fresh()]
    scene.outside.send(first, own, late)
    scene.outside.send(first, next, answer)
    await scene.inside.hears(answer)
    assert.equal(scene.inside.hasHeard(late), false)
    await nat.moveTo('198.51.100.2')
  })

  test('blocks an address, both ways and what is mapped too', async () => {
    await nat.become({ kind: 'full-cone' })
    const own = await mapped(scene, elsewhere)
    await mapped(scene, first)
    await nat.block(['192.0.2.1'])
    assert.equal(await getsIn(scene, elsewhere, own), false)
    const text = fresh()
    scene.inside.send(scene.end, elsewhere, text)
    await mapped(scene, first)
    assert.equal(scene.outside.hasHeard(text), false)
    await nat.unblock()
    assert.equal(await mapped(scene, elsewhere), own)
  })
})

test("a home router behind a carrier's is port-restricted as a whole", async () => {
  await using lab = await openLab(describeNatSites('carrier', 'none'))
  const scene = await startScene(lab)
  const [home, carrier] = scene.nats as [Nat, Nat]
  assert.deepEqual([home.publicAddress, carrier.publicAddress], ['100.64.2.2', '198.51.100.2'])
  await assertBehaviour(scene, natBehaviours['port-restricted'], first)
})

describe('two behind one router', () => {
  let lab: Lab
  let scene: Scene
  let right: Place

  before(async () => {
    lab = await openLab(describeSharedNat('port-restricted'))
    scene = await startScene(lab, [first])
    right = await startInside(lab, 'right')
  })
  after(() => lab?.[Symbol.asyncDispose]())

  /** Sends from left. @returns whence right hears it; null if it does not */
  async function crosses(to: string): Promise<string | null> {
    const [text, mark] = [fresh(), fresh()]
    scene.inside.send(scene.end, to, text)
    // By way of the internet: what goes by the router has been there by then.
    await mapped(scene, first)
    const own = fresh()
    right.send(endOf(lab, 'right'), first, own)
    scene.outside.send(first, await scene.outside.hears(own), mark)
    await right.hears(mark)
    return right.hasHeard(text) ? right.hears(text) : null
  }

  test('share its public address and reach each other in their own network', async () => {
    const own = await mapped(scene, first)
    const other = await rightMapped()
    assert.equal(own.split(':')[0], other.split(':')[0])
    assert.notEqual(own, other)
    assert.equal(await crosses(endOf(lab, 'right')), scene.end)
    assert.equal(await crosses(other), null)
  })

  test('reach each other by its public address where it hairpins, also as guests', async () => {
    const [nat] = scene.nats
    await nat!.become({ isHairpin: true })
    await nat!.isolateInside()
    const [own, other] = [await mapped(scene, first), await rightMapped()]
    assert.equal(await crosses(endOf(lab, 'right')), null)
    assert.equal(await crosses(other), own)
    const answer = fresh()
    right.send(endOf(lab, 'right'), own, answer)
    assert.equal(await scene.inside.hears(answer), other)
  })

  async function rightMapped(): Promise<string> {
    const text = fresh()
    right.send(endOf(lab, 'right'), first, text)
    return scene.outside.hears(text)
  }
})
