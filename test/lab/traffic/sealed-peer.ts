/**
 * A session with a box, made as wire.md has it and sealed by the second implementation of test/vector, for peers that do as they
 * please. It begins; it does not rekey, so that it lasts for two minutes.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:dgram'
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
import { type X25519Pair, x25519Pair } from '../../../firmware/wire/x25519.ts'
import { open, openRelayed, type SealedSuite, seal, sealRelayed } from '../../vector/sealed.ts'

const answerMs = 1_000
const tries = 20
const noPsk = new Uint8Array(32)

export interface Remote {
  readonly tenant: Uint8Array
  readonly remoteStatic: Uint8Array
  readonly address: string
  readonly port: number
}

type Keys = ReturnType<typeof deriveKeys>

export class SealedPeer {
  readonly index: number
  readonly #socket: Socket
  readonly #remote: Remote
  readonly #suite: SealedSuite
  readonly #theirIndex: number
  readonly #keys: Keys
  #counter = 0

  constructor(
    socket: Socket,
    remote: Remote,
    session: { index: number; theirIndex: number; suite: SealedSuite; keys: Keys },
  ) {
    this.#socket = socket
    this.#remote = remote
    this.index = session.index
    this.#theirIndex = session.theirIndex
    this.#suite = session.suite
    this.#keys = session.keys
  }

  seal(type: 0xd1 | 0xd2, plaintext: Uint8Array): Buffer {
    const receiverIndex = this.#theirIndex
    const header = { type, lane: 0, receiverIndex, sendTimeUs: 0, counter: ++this.#counter }
    return seal(this.#suite, this.#keys.i2r, header, plaintext)
  }

  /** Throws for what is not this session's. */
  open(datagram: Uint8Array): Buffer {
    return open(this.#suite, this.#keys.r2i, datagram).plaintext
  }

  wrap(channel: number, datagram: Uint8Array): Buffer {
    const receiverIndex = this.#theirIndex
    const header = { lane: 0, receiverIndex, channel, counter: ++this.#counter }
    return sealRelayed(this.#suite, this.#keys.i2r, header, datagram)
  }

  /** Throws for what is not this session's. */
  unwrap(datagram: Uint8Array): { readonly channel: number; readonly datagram: Buffer } {
    const { header, datagram: inner } = openRelayed(this.#suite, this.#keys.r2i, datagram)
    return { channel: header.channel, datagram: inner }
  }

  send(datagram: Uint8Array): void {
    this.#socket.send(datagram, this.#remote.port, this.#remote.address)
  }
}

/** Message 1 of a handshake, with its mac1. */
export function initiationTo(
  remote: Remote,
  local: X25519Pair,
  challenge: Uint8Array = new Uint8Array(16),
) {
  const senderIndex = randomBytes(4).readUInt32BE(0) || 1
  const { state, message } = writeInitiation({
    prologue: rawPrologue(remote.tenant),
    local,
    remoteStatic: remote.remoteStatic,
    ephemeral: x25519Pair(randomBytes(32)),
    senderIndex,
    payload: { challenge, suites: ['chacha20-poly1305', 'aes-256-gcm'], pskNumber: 0, uplink: 0 },
  })
  return { senderIndex, state, datagram: withMacs(message, mac1Key(remote.remoteStatic)) }
}

/** @returns null when nobody answers */
export async function makeSession(
  socket: Socket,
  remote: Remote,
  local: X25519Pair,
  patience = tries,
): Promise<SealedPeer | null> {
  let challenge: Uint8Array = new Uint8Array(16)
  for (let left = patience; left > 0; left--) {
    const { senderIndex, state, datagram } = initiationTo(remote, local, challenge)
    const answered = answerTo(socket, senderIndex)
    socket.send(datagram, remote.port, remote.address)
    const answer = await answered
    if (answer?.[0] === messageType.challenge) challenge = readChallenge(answer, state)
    if (answer?.[0] !== messageType.response) continue
    const response = readResponse(withoutMacs(answer, mac1Key(local.publicKey)), state, noPsk)
    return new SealedPeer(socket, remote, {
      index: senderIndex,
      theirIndex: response.senderIndex,
      suite: response.payload.suite,
      keys: deriveKeys(response.transcript),
    })
  }
  return null
}

/** The next message for this initiation; null when none comes in time. */
function answerTo(socket: Socket, index: number): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>()
  const timer = setTimeout(() => resolve(null), answerMs)
  const take = (datagram: Buffer): void => {
    const at = datagram[0] === messageType.response ? 8 : 4
    const isAnswer = datagram[0] === messageType.response || datagram[0] === messageType.challenge
    if (isAnswer && datagram.length >= 40 && datagram.readUInt32BE(at) === index) resolve(datagram)
  }
  socket.on('message', take)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', take)
  })
}
