/**
 * A datapath in memory, for tests and simulations: keypairs behave as in wire.md, "packets" travel sealed in
 * name only over a fake network. It keeps the promises of datapath.ts, the order of events included.
 */
import { CausewayError } from '../../model/errors.ts'
import type { Explanation } from '../../model/explanation.ts'
import type { PathCounters } from '../../model/path-program.ts'
import type { DatapathEvent, Keypair, Program } from '../../model/program.ts'
import { noQueues } from '../../model/queue-counters.ts'
import { parseRelayed } from '../../model/relayed-address.ts'
import type { RelaySend, SprayProgram, TryProgram } from '../../model/traversal-program.ts'
import { abi } from '../../wire/datapath.ts'
import type { Clock } from '../clock/clock.ts'
import type { FakeNetwork } from '../udp/fake.ts'
import type { UdpAddress } from '../udp/udp.ts'
import type { Datapath } from './datapath.ts'
import { type FakeChannels, fakeChannels } from './fake-channels.ts'
import { countersOf, fakeCarriers } from './fake-counters.ts'
import { faultOf } from './fake-keypair.ts'
import { type FakePeer, fakePeer, type OpenFailure } from './fake-peer.ts'

export interface FakeDatapathOptions {
  readonly clock: Clock
  readonly network: FakeNetwork
  /** Address and overlay port of its only uplink. */
  readonly local: UdpAddress
  readonly bootId: string
  readonly hasAes?: boolean
  /** How long each verb takes: the real one is behind a socket. */
  readonly verbMs?: number
}

export interface FakeDatapath extends Datapath {
  /** Seals a packet for a peer; false without a current keypair. */
  sendData(peer: string, payload: Uint8Array): boolean
  onData(handler: (peer: string, payload: Uint8Array) => void): void
  /** Frames that were not opened, by reason. */
  readonly drops: Record<Exclude<OpenFailure, null>, number>
  /** Keypairs that were installed, ever; all their indices and keys are different. */
  readonly installs: number
  /** A NIC's carrier as it is from now on. Ports of which nothing was said are not counted. */
  setCarrier(twin: string, isUp: boolean): void
  /** The paths that are counted from now on. */
  setPaths(paths: readonly PathCounters[]): void
  /** The answer to every question from now on. */
  setExplanation(explanation: Explanation): void
  /** Of a relay: those that are open. */
  readonly channels: FakeChannels
  /** What was asked for, ever. */
  readonly relayed: readonly RelaySend[]
  readonly tries: readonly TryProgram[]
  readonly sprays: readonly SprayProgram[]
  /** Tells an event, as it is. */
  tell(event: DatapathEvent): void
  /** Says that 2^28 packets were sealed under the peer's current keypair. */
  wearOut(peer: string): void
  /** The process dies: every keypair is lost, every further verb fails. */
  kill(reason: string): void
}

export function fakeDatapath(options: FakeDatapathOptions): FakeDatapath {
  const { clock, network, local } = options
  const peers = new Map<string, FakePeer>()
  const onEvents: ((event: DatapathEvent) => void)[] = []
  const onCloses: ((reason: string) => void)[] = []
  const onDatas: ((peer: string, payload: Uint8Array) => void)[] = []
  const drops = { index: 0, tag: 0, replay: 0 }
  const everKeys = new Set<string>()
  const carriers = fakeCarriers()
  const channels = fakeChannels()
  const relayed: RelaySend[] = []
  /** Whose a channel is: learned from what goes and comes by it. */
  const relays = new Map<number, string>()
  const tries: TryProgram[] = []
  const sprays: SprayProgram[] = []
  let paths: readonly PathCounters[] = []
  let explanation: Explanation | null = null
  let program: Program | null = null
  let isDead = false

  const emit = (event: DatapathEvent): void =>
    queueMicrotask(() => {
      if (!isDead) for (const handler of onEvents) handler(event)
    })
  /** Where a peer's channels are others now, its packets move to one of those, as they do once it has been probed. */
  const channelNow = (peer: string, channel: number): number => {
    const ways = tries.findLast((one) => one.peer === peer)?.ways ?? []
    const named = ways.flatMap(({ remoteAddress }) => parseRelayed(remoteAddress)?.channel ?? [])
    return named.includes(channel) ? channel : (named[0] ?? channel)
  }
  const peerOf = (name: string): FakePeer => {
    const known = peers.get(name)
    if (known !== undefined) return known
    const made = fakePeer(name, {
      clock,
      emit,
      transmit: (frame, { remoteAddress, remotePort }) => {
        const way = parseRelayed(remoteAddress)
        if (way !== null) {
          const relay = relays.get(way.channel) ?? ''
          peers.get(relay)?.sendRelayed(channelNow(name, way.channel), frame)
        } else network.send(frame, local, { address: remoteAddress, port: remotePort })
      },
      relay: onRelayed,
      deliver: (peer, payload) => {
        for (const handler of onDatas) handler(peer, payload)
      },
    })
    peers.set(name, made)
    return made
  }
  const open = (frame: Buffer): void => {
    const localIndex = frame.readUInt32BE(4)
    const owner = [...peers.values()].find((peer) => peer.has(localIndex))
    const failure = owner === undefined ? 'index' : owner.receive(frame)
    if (failure !== null) drops[failure]++
  }
  /** As a relay forwards what came by a channel; as an end takes it. */
  const onRelayed = (peer: string, channel: number, datagram: Buffer): void => {
    const to = channels.across({ peer, channel })
    if (to !== null) peerOf(to.peer).sendRelayed(to.channel, datagram)
    else {
      relays.set(channel, peer)
      if (datagram[0]! < 0xd4) open(datagram)
      else emit({ kind: 'relayed', peer, channel, datagram: Buffer.from(datagram) })
    }
  }
  const detach = network.attach(local, (datagram) => open(Buffer.from(datagram)))
  /** Every verb fails on a dead datapath, and when it dies before the answer. */
  const verb = async <T>(work: () => T): Promise<T> => {
    const wait = options.verbMs ?? 0
    if (wait > 0) await new Promise<void>((resolve) => clock.after(wait, resolve))
    if (isDead) throw new CausewayError('DATAPATH_UNREACHABLE', 'the datapath is gone')
    return work()
  }
  const kill = (reason: string): void => {
    if (isDead) return
    isDead = true
    detach()
    for (const peer of peers.values()) peer.stop()
    for (const handler of onCloses) handler(reason)
  }

  return {
    describe: () =>
      verb(() => ({
        abi,
        bootId: options.bootId,
        aead: 'openssl' as const,
        pid: 0,
        hasAes: options.hasAes ?? true,
        hugepageBytes: 0,
      })),
    load: (next) =>
      verb(() => {
        if (next.generation < (program?.generation ?? 0)) throw refused('an older generation')
        const after = identities(next)
        // Who is gone, or is somebody else under the same name, leaves no keypair behind.
        for (const [name, identity] of identities(program)) {
          const peer = after.get(name) === identity ? undefined : peers.get(name)
          for (const { localIndex } of peer?.keypairs() ?? []) peer?.retire(localIndex)
        }
        program = next
      }),
    // Copied before the first wait: the caller wipes its buffers.
    install: (keypair) => {
      const copy = copyOf(keypair)
      return verb(() => {
        const known = program?.peers.some(({ name }) => name === keypair.peer) ?? true
        if (!known) throw refused('an unknown peer')
        const fault = faultOf(copy)
        if (fault !== null) throw refused(fault)
        const keys = [`${copy.localIndex}`, hex(copy.seal.key), hex(copy.open.key)]
        if (keys.some((key) => everKeys.has(key))) throw refused('a second install')
        const isCarried = peerOf(copy.peer)
          .keypairs()
          .some(({ state }) => state === 'current')
        if (copy.origin === 'rekey' && !isCarried) throw refused('origin')
        for (const key of keys) everKeys.add(key)
        peerOf(copy.peer).install(copy)
      })
    },
    retire: (localIndices) =>
      verb(() => {
        for (const peer of peers.values()) for (const index of localIndices) peer.retire(index)
      }),
    send: ({ peer, localIndex, items }) => {
      const copy = Uint8Array.from(items)
      return verb(() => peerOf(peer).sendControl(localIndex, copy))
    },
    cookies: () => verb(() => undefined),
    ...{ queues: () => verb(() => noQueues), flows: () => verb(() => []) },
    keypairs: () => verb(() => [...peers.values()].flatMap((peer) => peer.keypairs())),
    openChannel: (channel) =>
      verb(() => {
        const names = program?.peers.map(({ name }) => name) ?? []
        const fault = channels.open(channel, names)
        if (fault !== null) throw refused(fault)
      }),
    closeChannel: (end) =>
      verb(() => {
        const isAll = end.channel === 0
        for (const one of isAll ? channels.clear(end.peer) : []) {
          emit({ kind: 'channel-ended', ...one })
        }
        if (!isAll && !channels.close(end)) throw refused('no such channel')
      }),
    listChannels: () => verb(() => channels.counters()),
    relay: (send) => {
      const copy = structuredClone(send)
      return verb(() => {
        const isCurrent = peerOf(send.relay)
          .keypairs()
          .some(({ state }) => state === 'current')
        if (!isCurrent) throw new CausewayError('SESSION_NO_KEYPAIR', 'no session with the relay')
        relayed.push(copy)
        relays.set(copy.channel, copy.relay)
        peerOf(copy.relay).sendRelayed(copy.channel, copy.datagram)
      })
    },
    try: (ways) => verb(() => void tries.push(structuredClone(ways))),
    spray: (spray) => verb(() => void sprays.push(structuredClone(spray))),
    explain: () =>
      verb(() => {
        if (explanation === null) throw refused('nothing is decided here')
        return explanation
      }),
    counters: () =>
      verb(() => ({
        ...countersOf(program, drops, clock.nowMs()),
        ports: carriers.ports(),
        paths,
      })),
    onEvent: (handler) => onEvents.push(handler),
    onClose: (handler) => onCloses.push(handler),
    sendData: (peer, payload) => !isDead && peerOf(peer).sendData(payload),
    onData: (handler) => onDatas.push(handler),
    channels,
    relayed,
    tries,
    sprays,
    drops,
    get installs() {
      return everKeys.size / 3
    },
    setCarrier: (twin, isUp) => {
      carriers.set(twin, isUp)
      emit({ kind: 'links' })
    },
    setPaths: (next) => {
      paths = next
    },
    setExplanation: (next) => {
      explanation = next
    },
    tell: emit,
    wearOut: (peer) => peerOf(peer).isUsed(),
    kill,
    [Symbol.asyncDispose]: async () => kill('closed'),
  }
}

function identities(program: Program | null): Map<string, string> {
  return new Map(program?.peers.map(({ name, identity }) => [name, hex(identity)]))
}

function copyOf(keypair: Keypair): Keypair {
  return structuredClone(keypair)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function refused(what: string): CausewayError {
  return new CausewayError('DATAPATH_REFUSED', `refused: ${what}`)
}
