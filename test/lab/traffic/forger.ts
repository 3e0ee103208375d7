/**
 * A peer that cheats: makes a session as wire.md has it, keeps its path up, and seals whatever it is told. In, first line:
 * {"tenant","privateKey","remoteKey","address","port"}, keys and tenant in hex.
 * Then {"frames": [hex of Geneve and inner packet], "count", "ratePps", "copies"}: each is sealed once and sent so often.
 * Out: {"event":"session"}, {"event":"sent"}.
 *   node forger.ts PORT
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'
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

/** Who never says a word is soon held to be away. wire.md, "Control". */
function answerProbes(own: SealedPeer): void {
  socket.on('message', (datagram) => {
    if (datagram[0] !== 0xd2) return
    const answers = answersTo(itemsOf(own, datagram))
    if (answers.length > 0) own.send(own.seal(0xd2, answers))
  })
}

function itemsOf(own: SealedPeer, datagram: Uint8Array): Buffer {
  try {
    return own.open(datagram)
  } catch {
    return Buffer.alloc(0)
  }
}

/** A reply to each probe (held for no time), a response to each path challenge. */
function answersTo(items: Buffer): Buffer {
  const answers: Buffer[] = []
  for (let at = 0; at + 4 <= items.length; at += 4 + items.readUInt16BE(at + 2)) {
    const value = items.subarray(at + 4, at + 4 + items.readUInt16BE(at + 2))
    const heardUs = Number((process.hrtime.bigint() / 1_000n) & 0xffffffffn)
    const reply = Buffer.alloc(12)
    if (items[at] === 0x01) {
      value.copy(reply)
      reply.writeUInt32BE(heardUs, 4)
      answers.push(Buffer.from([0x02, 0, 0, reply.length]), reply)
    }
    if (items[at] === 0x06) answers.push(Buffer.from([0x07, 0, 0, value.length]), value)
  }
  return Buffer.concat(answers)
}
