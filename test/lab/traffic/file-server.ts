/**
 * A LAN host's web server: serves made-up files over HTTP/1.1, `/file?seed=1&bytes=1000000`, and with
 * `&canary=TEXT` files that repeat a text. `&corrupt=1` changes one byte, to plant a fault. Prints
 * {"event":"listening"} once it listens.
 *   node file-server.ts PORT
 */
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { type ContentSpec, contentOf } from './content.ts'

const port = Number(process.argv[2])
const maxBytes = 4 * 1024 ** 3

const server = createServer((request, response) => {
  const query = new URL(request.url ?? '/', 'http://host').searchParams
  const bytes = Number(query.get('bytes') ?? Number.NaN)
  const seed = Number(query.get('seed') ?? 0)
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > maxBytes || !Number.isInteger(seed)) {
    response.writeHead(400).end('ask for /file?seed=NUMBER&bytes=NUMBER\n')
    return
  }
  const spec = { seed, bytes, canary: query.get('canary') ?? undefined }
  response.writeHead(200, { 'content-length': bytes, 'content-type': 'application/octet-stream' })
  // A client that goes away in the middle is its own business.
  pipeline(query.has('corrupt') ? corrupted(spec) : contentOf(spec), response).catch(() => {})
})
server.listen(port, '::', () => console.log(JSON.stringify({ event: 'listening' })))

function* corrupted(spec: ContentSpec): Generator<Buffer> {
  let isFirst = true
  for (const chunk of contentOf(spec)) {
    const copy = Buffer.from(chunk)
    if (isFirst) copy[0]! ^= 0x01
    isFirst = false
    yield copy
  }
}
