/**
 * Runs in a network namespace of its own, with two links that have one address, and binds there. Prints as JSON what came
 * of it.
 */
import { execFileSync } from 'node:child_process'
import { bindUdp } from '../../../firmware/host/udp/system.ts'
import type { UdpSocket } from '../../../firmware/host/udp/udp.ts'

const ip = (words: string): Buffer => execFileSync('ip', words.split(' '))
const place = { address: '192.168.7.2', port: 51820 }
const place6 = { address: 'fe80::7', port: 51820 }
const told: string[] = []
const sockets: UdpSocket[] = []

function add(name: string): void {
  ip(`link add ${name} type veth peer name x-${name}`)
  ip(`link set x-${name} up`)
  ip(`link set ${name} up`)
  ip(`addr add 192.168.7.2/24 dev ${name}`)
  ip(`addr add fe80::7/64 dev ${name} nodad`)
}

async function bind(at: { address: string; port: number }, device?: string): Promise<void> {
  try {
    const socket = await bindUdp(at, device)
    sockets.push(socket)
    told.push(`${socket.local.address} ${socket.local.port}`)
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    told.push(`${syscall} ${code}`)
  }
}

for (const name of ['d0', 'd1']) add(name)
for (const device of ['d0', 'd1', 'd0', 'd2', undefined]) await bind(place, device)
for (const device of ['d0', 'd1']) await bind(place6, device)
await bind({ address: '192.168.7.3', port: 51820 }, 'd0')
const [first, second] = sockets
told.push(`stale: ${first!.isStale()} ${second!.isStale()}`)
ip('link del d0')
told.push(`stale: ${first!.isStale()} ${second!.isStale()}`)
add('d0')
told.push(`stale: ${first!.isStale()} ${second!.isStale()}`)
// What is another interface's is no place that is taken.
await bind(place, 'd0')
await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()))
process.stdout.write(JSON.stringify(told))
