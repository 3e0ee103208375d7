/**
 * A peer that cheats: makes a session as wire.md has it, and seals whatever it is told, by the second implementation of
 * test/vector/sealed.ts. In, first line: {"tenant","privateKey","remoteKey","address","port"}, keys and tenant in hex.
 * Then {"frames": [hex of Geneve and inner packet], "count", "ratePps", "copies"}: each is sealed once and sent so often. Out: {"event":"session"}, {"event":"sent"}.
 *   node forger.ts PORT
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'
import {
  mac1Key,
  messageType,
  readChallenge,
  readResponse,
  withMacs,
  withoutMacs,
  writeInitiation,
} from '../../../firmware/wire/handshake.ts'
import { deriveKeys, rawPrologue } from '../../../firmware/wire/keys.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import { seal } from '../../vector/sealed.ts'

const burstMs = 5
const answerMs = 1_000
const tries = 20
const say = (value: object): void => console.log(JSON.stringify(value))
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

const socket = createSocket('udp4')
await new Promise<void>((done) => socket.bind(Number(process.argv[2]), done))
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const to = JSON.parse((await lines.next()).value ?? '')
const local = x25519Pair(bytes(to.privateKey))
const remoteStatic = bytes(to.remoteKey)
const psk = new Uint8Array(32)

/** The next handshake message; null when none comes in time. */
function answer(): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>()
  const timer = setTimeout(() => resolve(null), answerMs)
  const take = (datagram: Buffer): void => {
    if (datagram[0] === messageType.response || datagram[0] === messageType.challenge)
      resolve(datagram)
  }
  socket.on('message', take)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', take)
  })
}

async function makeSession() {
  let challenge: Uint8Array = new Uint8Array(16)
  for (let left = tries; left > 0; left--) {
    const { state, message } = writeInitiation({
      prologue: rawPrologue(bytes(to.tenant)),
      local,
      remoteStatic,
      ephemeral: x25519Pair(randomBytes(32)),
      senderIndex: 0x0f0f0f0f,
      payload: { challenge, suites: ['chacha20-poly1305', 'aes-256-gcm'], pskNumber: 0, uplink: 0 },
    })
    const answered = answer()
    socket.send(withMacs(message, mac1Key(remoteStatic)), to.port, to.address)
    const datagram = await answered
    if (datagram?.[0] === messageType.challenge) challenge = readChallenge(datagram, state)
    if (datagram?.[0] !== messageType.response) continue
    const response = readResponse(withoutMacs(datagram, mac1Key(local.publicKey)), state, psk)
    const { i2r } = deriveKeys(response.transcript)
    return { receiverIndex: response.senderIndex, suite: response.payload.suite, keys: i2r }
  }
  throw new Error('nobody made a session')
}

const { receiverIndex, suite, keys } = await makeSession()
say({ event: 'session' })
let counter = 0
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
    const header = {
      type: 0xd1,
      lane: 0,
      receiverIndex,
      sendTimeUs: 0,
      counter: ++counter,
    } as const
    const datagram = seal(suite, keys, header, plain[sent % plain.length]!)
    for (let copy = 0; copy < copies; copy++) socket.send(datagram, to.port, to.address)
    if (counter % perBurst === 0) await new Promise((next) => setTimeout(next, burstMs))
  }
  say({ event: 'sent' })
}
process.exit(0)
