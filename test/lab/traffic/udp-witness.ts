/**
 * Answers every datagram with itself, and keeps account of whose it saw. Prints {"event":"listening"} once it listens,
 * and for each line `report` on stdin {"event":"witnessed","sources":{ADDRESS: count}}.
 *   node udp-witness.ts PORT
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const maxSources = 1000
const sources = new Map<string, number>()

const socket = createSocket({ type: 'udp6', recvBufferSize: 1 << 20 })
socket.on('message', (datagram, from) => {
  socket.send(datagram, from.port, from.address)
  const source = from.address.replace(/^::ffff:/, '')
  const count = sources.get(source)
  if (count !== undefined || sources.size < maxSources) sources.set(source, (count ?? 0) + 1)
})
socket.bind(Number(process.argv[2]), () => console.log(JSON.stringify({ event: 'listening' })))

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line !== 'report') return
  console.log(JSON.stringify({ event: 'witnessed', sources: Object.fromEntries(sources) }))
})
