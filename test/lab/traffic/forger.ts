/**
 * A peer that cheats: makes a session as wire.md has it, keeps its path up, and seals whatever it is told. In, first line:
 * {"tenant","privateKey","remoteKey","address","port"}, keys and tenant in hex.
 * Then {"frames": [hex of Geneve and inner packet], "count", "ratePps", "copies"}: each is sealed once and sent so often.
 * Out: {"event":"session"}, {"event":"sent"}.
 *   node forger.ts PORT
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'
import { decodeItems, encodeItems } from '../../../firmware/wire/control.ts'
import type { ControlItem } from '../../../firmware/wire/control-item.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import { makeSession, type SealedPeer } from './sealed-peer.ts'

const burstMs = 5
const say = (value: object): void => console.log(JSON.stringify(value))
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

const socket = createSocket('udp4')
await new Promise<void>((done) => socket.bind(Number(process.argv[2]), done))
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const to = JSON.parse((await lines.next()).value ?? '')
const session = await makeSession(
  socket,
  {
    tenant: bytes(to.tenant),
    remoteStatic: bytes(to.remoteKey),
    address: to.address,
    port: to.port,
  },
  x25519Pair(bytes(to.privateKey)),
)
if (session === null) throw new Error('nobody made a session')
answerProbes(session)
say({ event: 'session' })
let sealed = 0
for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  const {
    frames,
    count,
    ratePps,
    copies = 1,
  } = JSON.parse(line) as {
    frames: string[]
    count: number
    ratePps: number
    copies?: number
  }
  const plain = frames.map(bytes)
  const perBurst = Math.max(1, Math.round((ratePps * burstMs) / 1_000))
  for (let sent = 0; sent < count; sent++) {
    const datagram = session.seal(0xd1, plain[sent % plain.length]!)
    for (let copy = 0; copy < copies; copy++) session.send(datagram)
    if (++sealed % perBurst === 0) await new Promise((next) => setTimeout(next, burstMs))
  }
  say({ event: 'sent' })
}
process.exit(0)

/** Who never says a word is soon held to be away. */
function answerProbes(own: SealedPeer): void {
  socket.on('message', (datagram) => {
    const answers = datagram[0] === 0xd2 ? itemsOf(own, datagram).flatMap(answersTo) : []
    if (answers.length > 0) own.send(own.seal(0xd2, encodeItems(answers)))
  })
}

function itemsOf(own: SealedPeer, datagram: Uint8Array): ControlItem[] {
  try {
    return decodeItems(own.open(datagram))
  } catch {
    // Of another session.
    return []
  }
}

function answersTo(item: ControlItem): ControlItem[] {
  if (item.type === 'path-challenge') return [{ type: 'path-response', data: item.data }]
  if (item.type !== 'probe') return []
  const receiveTimeUs = Math.floor(performance.now() * 1_000) % 2 ** 32
  return [{ type: 'probe-reply', id: item.id, receiveTimeUs, heldUs: 0 }]
}
