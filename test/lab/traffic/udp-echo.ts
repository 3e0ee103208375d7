/**
 * Answers every datagram with itself. Prints {"event":"listening"} once it listens.
 *   node udp-echo.ts PORT
 */
import { createSocket } from 'node:dgram'

const socket = createSocket('udp6')
socket.on('message', (datagram, from) => socket.send(datagram, from.port, from.address))
socket.bind(Number(process.argv[2]), () => console.log(JSON.stringify({ event: 'listening' })))
