/**
 * Sends numbered datagrams of growing size to an echo, one after the other, and compares each answer byte for
 * byte. A lost one is sent again up to seven times, and ends the exchange if that does not help. Prints
 * {"event":"exchanged","sent","equal","resent"}.
 *   node udp-exchange.ts ADDRESS PORT COUNT MAX_BYTES
 */
import { createSocket } from 'node:dgram'
import { datagramOf, headerBytes } from './content.ts'

const [address, port, count, maxBytes] = process.argv.slice(2)
/** The first datagram above the path's MTU is always lost: it is what tells the kernel to fragment. */
const answerMs = 300
const triesPerDatagram = 8

const socket = createSocket(address!.includes(':') ? 'udp6' : 'udp4')
let equal = 0
let resent = 0

/** @returns the next answer, or null after `answerMs` */
function answer(): Promise<Buffer | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | null>()
  const timer = setTimeout(() => resolve(null), answerMs)
  socket.once('message', resolve)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', resolve)
  })
}

/** @returns whether the datagram came back as it was */
async function exchange(datagram: Buffer): Promise<boolean> {
  for (let left = triesPerDatagram; left > 0; left--) {
    const answered = answer()
    socket.send(datagram, Number(port), address!)
    if ((await answered)?.equals(datagram)) return true
    resent++
  }
  return false
}

const total = Number(count)
const spanBytes = Number(maxBytes) - headerBytes
for (let sequence = 0; sequence < total; sequence++) {
  const bytes = headerBytes + Math.round((spanBytes * sequence) / Math.max(1, total - 1))
  if (!(await exchange(datagramOf(sequence, bytes)))) break
  equal++
}
console.log(JSON.stringify({ event: 'exchanged', sent: total, equal, resent }))
socket.close()
