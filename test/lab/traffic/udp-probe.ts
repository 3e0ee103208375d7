/**
 * Sends numbered probes to each of several witnesses in turn, at an even pace, and counts whose answers come back as they
 * were. Waits until none has come for a while, then prints {"event":"probed","answered":{ADDRESS: count},"sent":COUNT each}.
 *   node udp-probe.ts PORT COUNT RATE_PPS [source=ADDRESS…] ADDRESS…
 */
import { createSocket, type RemoteInfo } from 'node:dgram'

const [port, count, ratePps] = process.argv.slice(2, 5).map(Number)
const rest = process.argv.slice(5)
const addresses = rest.filter((word) => !word.includes('='))
/** At most one a family; the host's own choice without. */
const sources = rest.flatMap((word) => word.split('source=')[1] ?? [])
const maxBurst = 16
const tickMs = 2
const quietMs = 500
const longestMs = 1_500

const answered = new Map(addresses.map((address) => [address, new Set<number>()]))
const sockets = new Map((['udp4', 'udp6'] as const).map((type) => [type, createSocket(type)]))
/** A probe names its place in the list, so that an answer from elsewhere is none. */
const marks = new Map(addresses.map((address, index) => [address, index]))

let heardMs = 0

function take(datagram: Buffer, { address }: RemoteInfo): void {
  heardMs = performance.now()
  if (datagram.length !== 8 || datagram.readUInt32BE(4) !== marks.get(address)) return
  answered.get(address)?.add(datagram.readUInt32BE(0))
}

for (const socket of sockets.values()) {
  socket.on('message', take)
  socket.on('error', () => {})
}

function probe(number: number): void {
  const address = addresses[number % addresses.length]!
  const datagram = Buffer.alloc(8)
  datagram.writeUInt32BE(Math.floor(number / addresses.length), 0)
  datagram.writeUInt32BE(number % addresses.length, 4)
  // A host that has been told "unreachable" refuses to send the next one: that is an answer, too.
  sockets.get(address.includes(':') ? 'udp6' : 'udp4')!.send(datagram, port!, address, () => {})
}

for (const [type, socket] of sockets) {
  const source = sources.find((one) => one.includes(':') === (type === 'udp6'))
  socket.bind({ port: 0, ...(source === undefined ? {} : { address: source }) })
  await new Promise((resolve) => socket.once('listening', resolve))
}

const total = count! * addresses.length
const startedMs = performance.now()
let sent = 0
await new Promise<void>((done) => {
  const timer = setInterval(() => {
    const due = Math.min(total, ((performance.now() - startedMs) * ratePps!) / 1000)
    for (let burst = 0; sent < due && burst < maxBurst; burst++) probe(sent++)
    if (sent < total) return
    clearInterval(timer)
    done()
  }, tickMs)
})
const sentMs = performance.now()
while (performance.now() < Math.min(Math.max(sentMs, heardMs) + quietMs, sentMs + longestMs)) {
  await new Promise((next) => setTimeout(next, tickMs))
}
const counts = [...answered].map(([address, numbers]) => [address, numbers.size])
console.log(JSON.stringify({ event: 'probed', sent: count, answered: Object.fromEntries(counts) }))
for (const socket of sockets.values()) socket.close()
