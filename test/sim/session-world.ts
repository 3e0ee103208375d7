/**
 * A small world for session simulations: boxes with a gateway's sessions and a fake datapath each, one network
 * and one virtual clock between them, all driven by one seed. Nothing here asserts.
 */

import type { NatFinder } from '../../firmware/gateway/nat/nat.ts'
import type { PeeringParts } from '../../firmware/gateway/peering.ts'
import type { PeerConfig, Uplink } from '../../firmware/gateway/sessions/session.ts'
import { openSessions, type Sessions } from '../../firmware/gateway/sessions/sessions.ts'
import type { Numbers } from '../../firmware/gateway/uplink-numbers.ts'
import { type VirtualClock, virtualClock } from '../../firmware/host/clock/virtual.ts'
import { type FakeDatapath, fakeDatapath } from '../../firmware/host/datapath/fake.ts'
import { type FakeNetwork, fakeNetwork } from '../../firmware/host/udp/fake.ts'
import type { UdpAddress, UdpSocket } from '../../firmware/host/udp/udp.ts'
import type { Program } from '../../firmware/model/program.ts'
import type { Whereabout } from '../../firmware/model/whereabouts.ts'
import { defaultPolicy } from '../../firmware/plan/policy.ts'
import type { SessionTiming } from '../../firmware/plan/session.ts'
import { type X25519Pair, x25519Pair } from '../../firmware/wire/x25519.ts'

export interface World {
  readonly clock: VirtualClock
  readonly network: FakeNetwork
  /** Evenly spread numbers from [0, 1). */
  readonly random: () => number
  readonly randomBytes: (bytes: number) => Uint8Array
  readonly tenant: Uint8Array
}

export function createWorld(seed: number): World {
  const random = seeded(seed)
  const clock = virtualClock(1_000)
  const randomBytes = (bytes: number): Uint8Array =>
    Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))
  const network = fakeNetwork(clock, random)
  return { clock, network, random, randomBytes, tenant: randomBytes(16) }
}

export interface Box {
  readonly name: string
  readonly local: UdpAddress
  readonly wireKey: X25519Pair
  readonly socket: UdpSocket
  /** The numbers of its uplinks in its program. */
  readonly numbers: Map<string, number>
  datapath: FakeDatapath
  sessions: Sessions
  peers: readonly PeerConfig[]
  /** What its datapath opened, in order. */
  readonly received: string[]
  /** What its sessions logged: fields, and messages in the same order. */
  readonly logged: object[]
  readonly messages: string[]
  boots: number
}

export interface BoxOptions {
  readonly timing?: SessionTiming
  readonly hasAes?: boolean
  readonly verbMs?: number
  readonly whereabouts?: (peer: string) => readonly Whereabout[]
  readonly wireKey?: X25519Pair
}

export function addBox(world: World, name: string, address: string, options: BoxOptions = {}): Box {
  const local = { address, port: 51_820 }
  const box = {
    name,
    local,
    wireKey: options.wireKey ?? x25519Pair(world.randomBytes(32)),
    socket: world.network.bind(local),
    numbers: new Map([
      ['wan0', 1],
      ['lte0', 2],
      ['relay', 254],
    ]),
    peers: [] as readonly PeerConfig[],
    received: [] as string[],
    logged: [] as object[],
    messages: [] as string[],
    boots: 0,
  }
  const whole = box as unknown as Box
  whole.datapath = bootDatapath(world, whole, options)
  whole.sessions = bootSessions(world, whole, options)
  return whole
}

export function bootDatapath(world: World, box: Box, options: BoxOptions = {}): FakeDatapath {
  const { clock, network } = world
  const datapath = fakeDatapath({
    clock,
    network,
    local: box.local,
    bootId: `${box.name}-${++box.boots}`,
    hasAes: options.hasAes ?? true,
    verbMs: options.verbMs ?? 0,
  })
  datapath.onData((_, payload) => box.received.push(Buffer.from(payload).toString()))
  return datapath
}

export function bootSessions(world: World, box: Box, options: BoxOptions = {}): Sessions {
  const log = (fields: object, message: string): void => {
    box.logged.push(fields)
    box.messages.push(message)
  }
  return openSessions({
    clock: world.clock,
    random: world.randomBytes,
    log: { info: log, warn: log },
    tenant: world.tenant,
    wireKey: box.wireKey,
    numbers: numbersOf(box),
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    ...(options.whereabouts === undefined ? {} : { whereabouts: options.whereabouts }),
  })
}

/** What the gateway's program loader would know. */
export function numbersOf({ numbers }: Box): Numbers {
  return {
    numberOf: (name) => numbers.get(name) ?? null,
    nameOf: (number) => [...numbers].find(([, one]) => one === number)?.[0] ?? null,
  }
}

export function peerOf(box: Box, more: Partial<PeerConfig> = {}): PeerConfig {
  return { name: box.name, wireKey: box.wireKey.publicKey, endpoints: [box.local], ...more }
}

export function configure(
  box: Box,
  peers: readonly PeerConfig[],
  uplinks: readonly Uplink[] = [{ name: 'wan0', socket: box.socket }],
): Promise<void> {
  box.peers = peers
  return box.sessions.configure({ uplinks, peers }, box.datapath)
}

/** Of boxes that nobody tells about NATs. */
export const noNat: NatFinder = {
  readings: () => [],
  onChange: () => () => undefined,
  refresh: () => undefined,
  retry: () => undefined,
  configure: () => undefined,
  counters: () => null,
  [Symbol.dispose]: () => undefined,
}

/** Of boxes that remember nothing. */
export const noRecord: PeeringParts['whereaboutsRecord'] = {
  read: async () => null,
  write: async () => undefined,
}

/** As much of a program as sessions notice: who its peers are. */
export function programOf(generation: number, peers: readonly Box[]): Program {
  return {
    generation,
    mac1Keys: [],
    isTransit: false,
    ports: [],
    segments: [],
    routes: [],
    acl: [],
    policies: [defaultPolicy],
    paths: [],
    matches: [],
    peers: peers.map(({ name, wireKey }) => ({
      name,
      identity: wireKey.publicKey,
      isHub: false,
      limitBps: 0,
    })),
  }
}

/** The gateway process ends and starts again; its datapath lives on. */
export async function restartGateway(
  world: World,
  box: Box,
  options: BoxOptions = {},
): Promise<void> {
  await box.sessions[Symbol.asyncDispose]()
  box.sessions = bootSessions(world, box, options)
  await configure(box, box.peers)
}

/** The datapath process dies and another takes its place. */
export async function restartDatapath(
  world: World,
  box: Box,
  options: BoxOptions = {},
): Promise<void> {
  box.datapath.kill('killed by the simulation')
  box.datapath = bootDatapath(world, box, options)
  await configure(box, box.peers)
}

/** Whether both ends seal under the same keypair. */
export async function agree(world: World, a: Box, b: Box): Promise<boolean> {
  const read = Promise.all([a.datapath.keypairs(), b.datapath.keypairs()])
  // Verbs may take their time, which passes on the virtual clock only.
  await world.clock.advance(20)
  const [ofA, ofB] = await read
  const currentOfA = ofA.find((item) => item.peer === b.name && item.state === 'current')
  const currentOfB = ofB.find((item) => item.peer === a.name && item.state === 'current')
  return (
    currentOfA !== undefined &&
    currentOfA.localIndex === currentOfB?.remoteIndex &&
    currentOfA.remoteIndex === currentOfB.localIndex
  )
}

/** mulberry32: small, fast, the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
