/**
 * One question to a STUN server, sent again until it is answered or time is up. What it is answered with is looked at here:
 * raw size, cookie, transaction and source, before anything else is believed (RFC 8489 §6.3).
 */
import { isSamePlace, type UdpAddress, type UdpSocket } from '../../host/udp/udp.ts'
import {
  type BindingResponse,
  type Change,
  decodeResponse,
  encodeRequest,
  transactionIdBytes,
} from '../../wire/stun.ts'
import { stunHeaderBytes } from '../../wire/stun-frame.ts'

export interface Transaction {
  readonly server: UdpAddress
  readonly change: Change
  /** Null until there is an answer from where one is wanted; one that is an error says so itself. */
  answer: BindingResponse | null
  readonly socket: UdpSocket
  readonly request: Uint8Array
}

export interface Transactions {
  ask(socket: UdpSocket, server: UdpAddress, change: Change): Transaction
  /** All that are not answered, once more. */
  sendAgain(): void
  /** Any datagram of a socket; whether it answered a question. */
  take(socket: UdpSocket, datagram: Uint8Array, from: UdpAddress): boolean
  isAllAnswered(): boolean
}

export function openTransactions(random: (bytes: number) => Uint8Array): Transactions {
  const open = new Map<string, Transaction>()
  return {
    ask: (socket, server, change) => {
      const id = random(transactionIdBytes)
      const request = encodeRequest(id, change)
      const transaction: Transaction = { server, change, answer: null, socket, request }
      open.set(keyOf(id), transaction)
      socket.send(request, server)
      return transaction
    },
    sendAgain: () => {
      for (const { socket, request, server } of open.values()) socket.send(request, server)
    },
    take: (socket, datagram, from) => {
      if (datagram.length < stunHeaderBytes) return false
      const key = keyOf(datagram.subarray(8, stunHeaderBytes))
      const transaction = open.get(key)
      if (transaction?.socket !== socket) return false
      const answer = decodeResponse(datagram)
      if (answer === null || !isExpected(transaction, answer, from)) return false
      transaction.answer = answer
      open.delete(key)
      return true
    },
    isAllAnswered: () => open.size === 0,
  }
}

/** Errors come from the address that was asked; who was asked to answer from elsewhere and does not, did not understand. */
function isExpected(
  { server, change }: Transaction,
  { errorCode }: BindingResponse,
  from: UdpAddress,
): boolean {
  if (errorCode !== null || !(change.address || change.port)) return isSamePlace(from, server)
  const isOtherHost = !isSamePlace({ ...from, port: server.port }, server)
  return isOtherHost === change.address && (from.port !== server.port) === change.port
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}
