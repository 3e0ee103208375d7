/**
 * Sends datagrams that say who they are and what happens meanwhile, 50 a second to each address, some of them from
 * sockets that never sent before; what the system refuses is what should be refused. A line on stdin names what happens
 * from now on, and is answered with how much was sent under the name before: {"event":"said","state","sent"}.
 *   node leak-source.ts LABEL PORT ADDRESS...
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { createInterface } from 'node:readline'

const [label, port, ...addresses] = process.argv.slice(2)
const tickMs = 20
const freshEvery = 5

const open = (address: string): Socket => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  socket.on('error', () => {})
  return socket
}
const kept = new Map(addresses.map((address) => [address, open(address)]))
let state = 'start'
let sent = 0
let ticks = 0

setInterval(() => {
  const isFresh = ++ticks % freshEvery === 0
  const text = `causeway-leak ${state} ${label}`
  for (const address of addresses) {
    const socket = isFresh ? open(address) : kept.get(address)!
    socket.send(text, Number(port), address, () => {
      if (isFresh) socket.close()
    })
    sent++
  }
}, tickMs)

createInterface({ input: process.stdin }).on('line', (line) => {
  console.log(JSON.stringify({ event: 'said', state, sent }))
  state = line
  sent = 0
})
console.log(JSON.stringify({ event: 'sending' }))
