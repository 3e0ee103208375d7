/**
 * Receives numbered datagrams on several ports and accounts for every one of them: delivered, twice, damaged,
 * missing, and lost in its own socket buffers. On a line `report` on stdin it prints
 * {"event":"received","delivered","duplicates","damaged","socketDrops","highest"}, on `end` it ends.
 *   node udp-sink.ts FIRST_PORT PORTS COUNT
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { numberOf } from './content.ts'

const [firstPort, ports, count] = process.argv.slice(2).map(Number)
const bufferBytes = 4 * 1024 * 1024

const seen = new Uint8Array(count!)
let delivered = 0
let duplicates = 0
let damaged = 0
let highest = -1

function take(datagram: Buffer): void {
  const sequence = numberOf(datagram)
  if (sequence === null || sequence >= count!) damaged++
  else if (seen[sequence] === 1) duplicates++
  else {
    seen[sequence] = 1
    delivered++
    highest = Math.max(highest, sequence)
  }
}

/** Sum of the kernel's drops at our sockets: last column of /proc/net/udp6, local port in the second. */
function socketDrops(): number {
  return readFileSync('/proc/self/net/udp6', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => {
      const port = Number.parseInt(columns[1]?.split(':')[1] ?? '0', 16)
      return port >= firstPort! && port < firstPort! + ports!
    })
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0)
}

const sockets: Socket[] = []
for (let index = 0; index < ports!; index++) {
  const socket = createSocket({ type: 'udp6', recvBufferSize: bufferBytes })
  socket.on('message', take)
  socket.bind(firstPort! + index)
  await new Promise((resolve) => socket.once('listening', resolve))
  sockets.push(socket)
}
console.log(JSON.stringify({ event: 'listening' }))

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'report') {
    const account = { delivered, duplicates, damaged, socketDrops: socketDrops(), highest }
    console.log(JSON.stringify({ event: 'received', ...account }))
  }
  if (line === 'end') process.exit(0)
})
