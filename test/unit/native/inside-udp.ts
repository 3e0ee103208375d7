/** Runs inside a test's namespace: a UDP socket by lines of JSON. In {port, address, hex}, out the same of what came. */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const [address = '', port = ''] = process.argv.slice(2)
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
socket.on('message', (bytes, from) =>
  say({ address: from.address, port: from.port, hex: bytes.toString('hex') }),
)
socket.bind(Number(port), address, () => say({ ready: true }))
for await (const line of createInterface({ input: process.stdin })) {
  const datagram = JSON.parse(line) as { port: number; address: string; hex: string }
  socket.send(Buffer.from(datagram.hex, 'hex'), datagram.port, datagram.address)
}
socket.close()
