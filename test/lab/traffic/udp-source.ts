/**
 * Sends numbered datagrams at an even pace, spread over several ports of the receiver so that no single
 * socket buffer there has to hold a pause of its program. Behind schedule it catches up by at most 64 at a
 * time. Says {"event":"quarter"} once a quarter of COUNT is on its way. Stops after COUNT or on SIGTERM; prints
 * {"event":"sent","sent","failed","ms"}.
 *   node udp-source.ts ADDRESS FIRST_PORT PORTS RATE_PPS COUNT BYTES
 */
import { createSocket } from 'node:dgram'
import { datagramOf } from './content.ts'

const [address, ...numbers] = process.argv.slice(2)
const [firstPort, ports, ratePps, count, bytes] = numbers.map(Number)
const maxBurst = 64
const tickMs = 1

const socket = createSocket(address!.includes(':') ? 'udp6' : 'udp4')
let sent = 0
let failed = 0
let answered = 0
let hasFinished = false
let isAtQuarter = false
let startedMs = 0

function tick(): void {
  const due = Math.min(count!, Math.floor(((performance.now() - startedMs) * ratePps!) / 1000))
  for (let burst = 0; sent < due && burst < maxBurst; burst++) {
    const port = firstPort! + (sent % ports!)
    socket.send(datagramOf(sent, bytes!), port, address!, (error) => {
      if (error) failed++
      answered++
      if (hasFinished && answered === sent) report()
    })
    sent++
  }
  if (!isAtQuarter && sent >= count! / 4) {
    isAtQuarter = true
    console.log(JSON.stringify({ event: 'quarter' }))
  }
  if (sent >= count!) finish()
}

function finish(): void {
  clearInterval(timer)
  hasFinished = true
  if (answered === sent) report()
}

/** Once the system has answered for every send: closing earlier would cancel the last ones. */
function report(): void {
  const ms = performance.now() - startedMs
  console.log(JSON.stringify({ event: 'sent', sent, failed, ms }))
  socket.close()
}

process.once('SIGTERM', finish)
socket.bind(0)
await new Promise((resolve) => socket.once('listening', resolve))
console.log(JSON.stringify({ event: 'sending' }))
startedMs = performance.now()
const timer = setInterval(tick, tickMs)
