/**
 * Sends a datagram from a socket of its own for each line {"from","to","text"} on stdin, ends being ADDRESS:PORT, and prints what
 * its sockets hear: {"event":"heard","at","from","text"}. Begins with {"event":"listening"}.
 *   node nat-probe.ts ADDRESS:PORT…
 */
import { createSocket, type Socket } from 'node:dgram'
import { createInterface } from 'node:readline'

const say = (value: object): void => console.log(JSON.stringify(value))

function parts(end: string): { readonly address: string; readonly port: number } {
  const [address, port] = end.split(':')
  return { address: address!, port: Number(port) }
}

const sockets = new Map<string, Socket>()
for (const at of process.argv.slice(2)) {
  const socket = createSocket('udp4')
  socket.on('message', (text, { address, port }) =>
    say({ event: 'heard', at, from: `${address}:${port}`, text: text.toString('latin1') }),
  )
  await new Promise<void>((done) => socket.bind(parts(at), done))
  sockets.set(at, socket)
}
say({ event: 'listening' })

createInterface({ input: process.stdin }).on('line', (line) => {
  const { from, to, text } = JSON.parse(line) as { from: string; to: string; text: string }
  const { address, port } = parts(to)
  sockets.get(from)!.send(text, port, address)
})
