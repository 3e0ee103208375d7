/**
 * A relay without scruples: has a session with each of several boxes, opens every channel that is asked for, and does to what it
 * is to forward whatever it is told. In, first line: {"tenant","privateKey","ends":[{"name","remoteKey","address","port"}]}, in
 * hex, and perhaps "patience": how many initiations. Out: {"event":"sessions"}. Then for each line {"id",…} an answer
 * {"event":"done","id",…}:
 *   {"do":"pass"|"alter"|"replay"|"hold"}       what becomes of data from then on
 *   {"do":"seen","canary": hex}                 what passed: {"passed","types","withCanary","opened","answers"}
 *   {"do":"send","to","channel","datagram"}     wraps hex for an end, by any channel
 *   {"do":"release","of","to","channel"}        what was held for an end, to an end, by any channel; 0: by its own
 *   {"do":"replay-last","to","count"}           the last datagram that passed to an end, wrapped anew
 *   {"do":"introduce","to","tenant","privateKey"}  a handshake of another tenant's device, by the end's channel; without a key
 *                                               the relay's own. What comes back for it is counted among "answers".
 *   node bad-relay.ts PORT
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { decodeItems, encodeItems } from '../../../firmware/wire/control.ts'
import type { ControlItem } from '../../../firmware/wire/control-item.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import { initiationTo, makeSession, type Remote, type SealedPeer } from './sealed-peer.ts'

interface End {
  readonly name: string
  readonly remote: Remote
  readonly session: SealedPeer
  /** Its number of the one channel to the other end; 0 before it is open. */
  channel: number
  last: Buffer | null
  held: Buffer[]
}

type Deed = 'pass' | 'alter' | 'replay' | 'hold'

const firstChannel = 0x1000
const maxKept = 20_000
const say = (value: object): void => console.log(JSON.stringify(value))
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 })
await new Promise<void>((done) => socket.bind(Number(process.argv[2]), done))
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const told = JSON.parse((await lines.next()).value ?? '')
const local = x25519Pair(bytes(told.privateKey))

let deed: Deed = 'pass'
const passed: Buffer[] = []
const ends: End[] = []
/** Indices of those that were introduced, and how often an end answered one. */
const introduced = new Set<number>()
let answers = 0

for (const { name, remoteKey, address, port } of told.ends) {
  const remote = { tenant: bytes(told.tenant), remoteStatic: bytes(remoteKey), address, port }
  const session = await makeSession(socket, remote, local, told.patience)
  if (session === null) throw new Error(`${name} made no session`)
  ends.push({ name, remote, session, channel: 0, last: null, held: [] })
  control(ends.at(-1)!, [{ type: 'probe', id: 1 }])
}
socket.on('message', take)
say({ event: 'sessions' })

function control(end: End, items: readonly ControlItem[]): void {
  end.session.send(end.session.seal(0xd2, encodeItems(items)))
}

function take(datagram: Buffer): void {
  const end = ends.find(({ session }) => session.index === datagram.readUInt32BE(4))
  if (end === undefined) return
  if (datagram[0] === 0xd2)
    for (const item of decodeItems(end.session.open(datagram))) act(end, item)
  if (datagram[0] === 0xd8) forward(end, end.session.unwrap(datagram).datagram)
}

/** As much as keeps a session alive, and grants all. */
function act(end: End, item: ControlItem): void {
  if (item.type === 'probe') {
    const now = Number((process.hrtime.bigint() / 1000n) % 2n ** 32n)
    control(end, [{ type: 'probe-reply', id: item.id, receiveTimeUs: now, heldUs: 0 }])
  }
  if (item.type === 'path-challenge') control(end, [{ type: 'path-response', data: item.data }])
  if (item.type === 'mtu-probe') control(end, [{ ...item, type: 'mtu-ack' }])
  if (item.type === 'relay-open') {
    const other = ends.find(({ remote }) => Buffer.from(remote.remoteStatic).equals(item.deviceId))
    if (other === undefined || other === end) return
    for (const [one, far] of [
      [end, other],
      [other, end],
    ] as const) {
      one.channel = firstChannel + ends.indexOf(one)
      const deviceId = Buffer.from(far.remote.remoteStatic)
      control(one, [{ type: 'relay-channel', channel: one.channel, status: 0, deviceId }])
    }
  }
}

function forward(from: End, inner: Buffer): void {
  const to = ends.find((end) => end !== from && end.channel !== 0)
  if (to === undefined) return
  if (passed.length < maxKept) passed.push(Buffer.from(inner))
  if (isForIntroduced(inner)) answers++
  const isData = inner[0] === 0xd1
  if (isData) to.last = Buffer.from(inner)
  if (isData && deed === 'hold') {
    if (to.held.length < maxKept) to.held.push(Buffer.from(inner))
    return
  }
  const out = Buffer.from(inner)
  if (isData && deed === 'alter') out[20 + (passed.length % (out.length - 20))]! ^= 1
  to.session.send(to.session.wrap(to.channel, out))
  if (isData && deed === 'replay') to.session.send(to.session.wrap(to.channel, out))
}

/** Whether an end has anything to say to who was introduced: a response, a cookie, a challenge. */
function isForIntroduced(inner: Buffer): boolean {
  const at = inner[0] === 0xd5 ? 8 : 4
  const isAnswer = inner[0] === 0xd5 || inner[0] === 0xd6 || inner[0] === 0xd7
  return isAnswer && inner.length >= 40 && introduced.has(inner.readUInt32BE(at))
}

/** What the relay's own keys open of what it forwarded: nothing. */
function opens(datagram: Buffer): boolean {
  return ends.some(({ session }) => {
    try {
      session.open(datagram)
      return true
    } catch {
      return false
    }
  })
}

// biome-ignore lint/suspicious/noExplicitAny: lines of our own, written by who knows them
function obey(line: any): object {
  const end = ends.find(({ name }) => name === line.to)
  switch (line.do) {
    case 'seen': {
      const types: Record<string, number> = {}
      for (const one of passed) {
        const type = `0x${one[0]!.toString(16)}`
        types[type] = (types[type] ?? 0) + 1
      }
      const canary = bytes(line.canary)
      const withCanary = passed.filter((one) => one.includes(canary)).length
      const opened = passed.filter(opens).length
      return { passed: passed.length, types, withCanary, opened, answers }
    }
    case 'send':
      end!.session.send(end!.session.wrap(line.channel, bytes(line.datagram)))
      return {}
    case 'release': {
      const channel = line.channel === 0 ? end!.channel : line.channel
      const { held } = ends.find(({ name }) => name === line.of)!
      for (const one of held) end!.session.send(end!.session.wrap(channel, one))
      return {}
    }
    case 'replay-last':
      for (let sent = 0; sent < line.count; sent++) {
        end!.session.send(end!.session.wrap(end!.channel, end!.last!))
      }
      return {}
    case 'introduce': {
      const remote = { ...end!.remote, tenant: bytes(line.tenant) }
      const pair = line.privateKey === undefined ? local : x25519Pair(bytes(line.privateKey))
      const { senderIndex, datagram } = initiationTo(remote, pair)
      introduced.add(senderIndex)
      end!.session.send(end!.session.wrap(end!.channel, datagram))
      return {}
    }
    default:
      deed = line.do
      return {}
  }
}

for await (const text of { [Symbol.asyncIterator]: () => lines }) {
  const line = JSON.parse(text)
  say({ event: 'done', id: line.id, ...obey(line) })
}
process.exit(0)
