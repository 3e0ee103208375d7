/**
 * Leads connections to a socket of the file system, which has no network, to a box's page in the network that this runs in
 * (page-door.ts).
 *   node page-relay.ts SOCKET ADDRESS
 */
import { connect, createServer } from 'node:net'

const [path, host = ''] = process.argv.slice(2)
const port = 443
const most = 64

const server = createServer((near) => {
  const far = connect(port, host)
  near.on('error', () => far.destroy())
  far.on('error', () => near.destroy())
  near.on('close', () => far.destroy())
  far.on('close', () => near.destroy())
  near.pipe(far).pipe(near)
})
server.maxConnections = most
server.listen(path, () => console.log('ready'))
