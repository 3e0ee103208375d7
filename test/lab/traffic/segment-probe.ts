/**
 * One host of a matrix of reachability: sends labelled datagrams, answers each that it hears, and counts both by label.
 * In, a line of JSON: {"send": [{"label","address","port"}], "count", "ratePps"}, or {"report": true}. Out:
 * {"event":"listening"}, {"event":"sent"}, {"event":"report","heard","answered"}.
 *   node segment-probe.ts PORT…
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

interface Command {
  readonly send?: readonly { label: string; address: string; port: number }[]
  readonly count?: number
  readonly ratePps?: number
}

const burstMs = 5
const heard: Record<string, number> = {}
const answered: Record<string, number> = {}
const say = (value: object): void => console.log(JSON.stringify(value))
const count = (into: Record<string, number>, label: string): void => {
  into[label] = (into[label] ?? 0) + 1
}

const ports = process.argv.slice(2).map(Number)
const listening = ports.map((port) => {
  const socket = createSocket({ type: 'udp6', recvBufferSize: 8 << 20 })
  socket.on('message', (bytes, from) => {
    const label = bytes.toString('latin1')
    count(heard, label)
    socket.send(label, from.port, from.address)
  })
  return new Promise<void>((done) => socket.bind(port, done))
})
const sender = createSocket({ type: 'udp6', recvBufferSize: 8 << 20 })
sender.on('message', (bytes) => count(answered, bytes.toString('latin1')))
await Promise.all(listening)
say({ event: 'listening' })

/** In turn to each, so that none waits for another's burst. */
async function send({ send: to = [], count: rounds = 1, ratePps = 1_000 }: Command): Promise<void> {
  const perBurst = Math.max(1, Math.round((ratePps * burstMs) / 1_000))
  let inBurst = 0
  for (let round = 0; round < rounds; round++) {
    for (const { label, address, port } of to) {
      sender.send(label, port, address.includes(':') ? address : `::ffff:${address}`)
      if (++inBurst % perBurst === 0) await new Promise((next) => setTimeout(next, burstMs))
    }
  }
  say({ event: 'sent' })
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command
  if (command.send !== undefined) await send(command)
  else say({ event: 'report', heard, answered })
}
process.exit(0)
