/**
 * One round of questions by one overlay socket: all servers at once by the socket itself, so that what they see is the very
 * mapping that data uses; and by fresh sockets beside it, whether answers from elsewhere come back. A NAT's filter is one of
 * each mapping, and remembers for minutes: hence another port each time. RFC 5780 §4.3 and §4.4.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { UdpAddress, UdpSocket } from '../../host/udp/udp.ts'
import { filteringPorts } from '../../model/nat.ts'
import { type FilteringTest, judgeNat, type NatVerdict, type StunAnswer } from '../../plan/nat.ts'
import { noChange } from '../../wire/stun.ts'
import type { Uplink } from '../sessions/session.ts'
import type { BindUdp } from '../uplink-sockets.ts'
import { openTransactions, type Transaction } from './transaction.ts'

/** Questions are sent again so long after the first time. */
const resendMs = [200, 600]
/** What has not come by then does not come. */
const roundMs = 1_400
/** Whoever waits for an address is told what is known by then. */
const firstLookMs = 300
const mostFilteringTests = 3

export interface RoundParts {
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly bindUdp: BindUdp
  readonly uplink: Uplink
  /** Of the family of the socket, at least one. */
  readonly servers: readonly UdpAddress[]
  /** Once, when all have answered by the overlay socket, or after a moment if one has; filtering is not known yet. */
  readonly onFirst: (verdict: NatVerdict) => void
  /** Once, after 1.4 s or when nothing is left to be waited for. */
  readonly onEnd: (verdict: NatVerdict) => void
}

interface Filtering {
  readonly server: UdpAddress
  readonly port: Transaction
  readonly address: Transaction
}

/** @returns ends the round; nobody is told any more */
export function startRound(parts: RoundParts): () => void {
  const { clock, uplink, servers } = parts
  const transactions = openTransactions(parts.random)
  const timers: CancelTimer[] = []
  const sockets: UdpSocket[] = []
  const stops: (() => void)[] = []
  const filtering: Filtering[] = []
  let isOver = false
  let isFirstTold = false

  const end = (): void => {
    isOver = true
    for (const cancel of timers) cancel()
    for (const stop of stops) stop()
    for (const socket of sockets) void socket[Symbol.asyncDispose]()
  }
  const listen = (socket: UdpSocket): void => {
    const take = (datagram: Uint8Array, from: UdpAddress): void => {
      if (transactions.take(socket, datagram, from)) look()
    }
    stops.push(socket.onDatagram(take))
  }
  const tellFirst = (verdict: NatVerdict): void => {
    if (isFirstTold || verdict.answered.length === 0) return
    isFirstTold = true
    parts.onFirst(verdict)
  }
  const finish = (): void => {
    if (isOver) return
    const verdict = verdictOf(uplink.socket, plain, filtering)
    end()
    parts.onEnd(verdict)
  }
  const look = (): void => {
    if (isOver) return
    if (transactions.isAllAnswered() && isTesting === 0) finish()
    else if (plain.every(({ answer }) => answer !== null))
      tellFirst(verdictOf(uplink.socket, plain, []))
  }

  listen(uplink.socket)
  const plain = servers.map((server) => transactions.ask(uplink.socket, server, noChange))
  const tested = firstOfEachHost(servers).slice(0, mostFilteringTests)
  let isTesting = tested.length
  for (const server of tested) {
    void bindFresh(parts).then((socket) => {
      isTesting--
      if (socket !== null && isOver) void socket[Symbol.asyncDispose]()
      else if (socket !== null) {
        sockets.push(socket)
        listen(socket)
        const port = transactions.ask(socket, server, { address: false, port: true })
        const address = transactions.ask(socket, server, { address: true, port: true })
        filtering.push({ server, port, address })
      }
      look()
    })
  }
  for (const delayMs of resendMs) timers.push(clock.after(delayMs, () => transactions.sendAgain()))
  timers.push(
    clock.after(firstLookMs, () => tellFirst(verdictOf(uplink.socket, plain, []))),
    clock.after(roundMs, finish),
  )
  return () => {
    if (!isOver) end()
  }
}

/** A port that has sent nothing for a while; null where none can be had. */
async function bindFresh({ bindUdp, random, uplink }: RoundParts): Promise<UdpSocket | null> {
  const { first, count } = filteringPorts
  const port = first + (random(1)[0]! % count)
  return bindUdp({ address: uplink.socket.local.address, port }, uplink.name).catch(() => null)
}

function firstOfEachHost(servers: readonly UdpAddress[]): UdpAddress[] {
  return servers.filter(
    (one, at) => servers.findIndex(({ address }) => address === one.address) === at,
  )
}

function verdictOf(
  { local }: UdpSocket,
  plain: readonly Transaction[],
  filtering: readonly Filtering[],
): NatVerdict {
  const answers = plain.map(({ server, answer }): StunAnswer => {
    const { mapped = null, origin = null, other = null } = answer ?? {}
    const canAddress = other !== null && other.address !== (origin ?? server).address
    return { server, mapped, canPort: other !== null, canAddress }
  })
  const isHeard = ({ answer }: Transaction): boolean => answer !== null && answer.errorCode === null
  const tests = filtering.map(
    ({ server, port, address }): FilteringTest => ({
      server,
      isPortHeard: isHeard(port),
      isAddressHeard: isHeard(address),
    }),
  )
  return judgeNat(local, answers, tests)
}
