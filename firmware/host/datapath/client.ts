/** The verbs of `Datapath` over anything that carries their bytes: the addon in this process, or a socket. */

import { CausewayError, type ErrorCode } from '../../model/errors.ts'
import type { DatapathEvent } from '../../model/program.ts'
import {
  mostQueues,
  type PeerQueues,
  type SegmentQueues,
  type UplinkQueues,
} from '../../model/queue-counters.ts'
import type { TableFlow } from '../../model/table-flow.ts'
import { type ChannelCounters, mostChannelPairs } from '../../model/traversal-program.ts'
import {
  decodeEvent,
  encodeCookies,
  encodeKeypair,
  encodeRetire,
  encodeSend,
  type Verb,
  verbs,
} from '../../wire/datapath.ts'
import { decodeExplanation, encodeExplain } from '../../wire/datapath-explain.ts'
import { decodeFlows, encodeFlowsAsk } from '../../wire/datapath-flows.ts'
import { encodeProgram } from '../../wire/datapath-program.ts'
import { decodeQueues, encodeQueuesAsk } from '../../wire/datapath-queues.ts'
import {
  type Description,
  decodeCounters,
  decodeDescription,
  decodeKeypairs,
} from '../../wire/datapath-state.ts'
import {
  decodeChannels,
  encodeChannel,
  encodeChannelEnd,
  encodeChannelsAsk,
  encodeRelaySend,
  encodeSpray,
  encodeTry,
} from '../../wire/datapath-traversal.ts'
import type { Datapath } from './datapath.ts'

export interface Answer {
  /** Bytes written, or a negative errno; then `bytes` holds `/pointer: reason`. */
  readonly status: number
  readonly bytes: Uint8Array
}

export interface Transport extends AsyncDisposable {
  call(verb: Verb, payload: Uint8Array): Promise<Answer>
  onEvent(handler: (bytes: Uint8Array) => void): void
  onClose(handler: (reason: string) => void): void
}

const ENOENT = -2
const EBUSY = -16
const ENOBUFS = -105
const ENOTCONN = -107
const nothing = new Uint8Array(0)

/** Asks who is there before anything else. @throws DATAPATH_ABI */
export async function datapathOver(transport: Transport): Promise<Datapath> {
  const handlers: ((event: DatapathEvent) => void)[] = []
  let drops: readonly string[] = []
  transport.onEvent((bytes) => {
    const event = decodeEvent(bytes, drops)
    if (event !== null) for (const handler of handlers) handler(event)
  })
  const call = async (verb: Verb, payload: Uint8Array): Promise<Uint8Array> => {
    const { status, bytes } = await transport.call(verb, payload)
    if (status < 0) throw refusal(verb, status, Buffer.from(bytes).toString('utf8'))
    return bytes
  }
  const describe = async (): Promise<Description> =>
    decodeDescription(await call(verbs.describe, nothing))
  ;({ drops } = await describe())

  return {
    describe: async () => (await describe()).info,
    load: async (program) => void (await call(verbs.load, encodeProgram(program))),
    install: async (keypair) => {
      const bytes = encodeKeypair(keypair)
      try {
        await call(verbs.install, bytes)
      } finally {
        bytes.fill(0)
      }
    },
    retire: async (indices) => void (await call(verbs.retire, encodeRetire(indices))),
    send: async (control) => void (await call(verbs.send, encodeSend(control))),
    cookies: async (secrets) => {
      const bytes = encodeCookies(secrets)
      try {
        await call(verbs.cookies, bytes)
      } finally {
        bytes.fill(0)
      }
    },
    keypairs: async () => decodeKeypairs(await call(verbs.keypairs, nothing)),
    counters: async () => decodeCounters(await call(verbs.counters, nothing), drops),
    queues: async () => {
      const uplinks: UplinkQueues[] = []
      const peers: PeerQueues[] = []
      const segments: SegmentQueues[] = []
      const told = () => peers.length + segments.length
      for (let first: number | null = 0; first !== null && told() < mostQueues; ) {
        const answer = decodeQueues(await call(verbs.queues, encodeQueuesAsk(first)))
        uplinks.push(...answer.uplinks)
        peers.push(...answer.peers)
        segments.push(...answer.segments)
        first = answer.next
      }
      return { uplinks, peers, segments }
    },
    flows: async (idleMs, most) => {
      const all: TableFlow[] = []
      for (let first: number | null = 0; first !== null && all.length < most; ) {
        const answer = decodeFlows(await call(verbs.flows, encodeFlowsAsk(first, idleMs)))
        all.push(...answer.flows)
        first = answer.next
      }
      return all.slice(0, most)
    },
    explain: async (ask) => decodeExplanation(await call(verbs.explain, encodeExplain(ask)), drops),
    openChannel: async (channel) => void (await call(verbs.channel, encodeChannel(channel))),
    closeChannel: async (end) => void (await call(verbs.channelClose, encodeChannelEnd(end))),
    listChannels: async () => {
      const all: ChannelCounters[] = []
      for (let first: number | null = 0; first !== null && all.length < mostChannelPairs; ) {
        const answer = decodeChannels(await call(verbs.channels, encodeChannelsAsk(first)))
        all.push(...answer.channels)
        first = answer.next
      }
      return all
    },
    relay: async (send) => void (await call(verbs.relay, encodeRelaySend(send))),
    try: async (program) => void (await call(verbs.try, encodeTry(program))),
    spray: async (program) => void (await call(verbs.spray, encodeSpray(program))),
    onEvent: (handler) => void handlers.push(handler),
    onClose: (handler) => transport.onClose(handler),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}

function refusal(verb: Verb, status: number, text: string): CausewayError {
  const [path = '', ...reason] = text.split(': ')
  const code: ErrorCode =
    status === EBUSY || status === ENOBUFS
      ? 'DATAPATH_BUSY'
      : status === ENOTCONN || (verb === verbs.send && status === ENOENT)
        ? 'SESSION_NO_KEYPAIR'
        : 'DATAPATH_REFUSED'
  const message = reason.length > 0 ? reason.join(': ') : `errno ${-status}`
  return new CausewayError(code, `the datapath refused: ${message}`, {
    ...(path.startsWith('/') && path !== '/' ? { path } : {}),
  })
}
