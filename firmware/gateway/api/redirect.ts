/**
 * Plain HTTP on an address of a LAN: sends whoever asks, for whatever, to the page at that address by HTTPS, and does nothing else.
 * Nothing of what was sent is read or said again.
 */
import { createServer } from 'node:http'
import { isIPv6 } from 'node:net'

const mostConnections = 16
const timeoutMs = 3_000
const headerMaxBytes = 4096

/** One that cannot be had is told, and that is all. */
export function openRedirect(
  address: string,
  port: number,
  onFault: (error: unknown) => void,
): Disposable {
  const location = `https://${isIPv6(address) ? `[${address}]` : address}/`
  const limits = { maxHeaderSize: headerMaxBytes, requestTimeout: timeoutMs }
  const server = createServer({ ...limits, headersTimeout: timeoutMs }, (_, answer) => {
    answer.writeHead(307, { location, connection: 'close', 'cache-control': 'no-store' }).end()
  })
  server.maxConnections = mostConnections
  server.setTimeout(timeoutMs)
  server.on('error', onFault)
  server.listen({ host: address, port })
  return {
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
