/**
 * The pages of a lab's boxes for a browser of this machine: each is led from a port of the loopback into the LAN of its site. A box
 * answers to its own names alone, so a question to `localhost` is asked by the box's address; all else passes as it is.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openCertificate } from '../../firmware/host/system/certificate.ts'
import { bare } from './description.ts'
import { causeway, type Lab } from './lab.ts'

const relay = join(import.meta.dirname, 'traffic/page-relay.ts')
/** The first box's, if it is free. */
const firstPort = 8_443
const startMs = 15_000
const mostSockets = 16
const user = 'admin'

export interface PageDoors extends AsyncDisposable {
  /** By site. */
  readonly urls: ReadonlyMap<string, string>
  readonly user: string
  /** Of this lab alone. */
  readonly password: string
}

/** Once the boxes have their configuration. Makes a user on each, at its shell. */
export async function openPageDoors(lab: Lab): Promise<PageDoors> {
  await using opened = new AsyncDisposableStack()
  const password = randomBytes(12).toString('base64url')
  const own = await openCertificate(runFile(lab, 'page.pem'), ['127.0.0.1', '::1'], Date.now())
  const urls = new Map<string, string>()
  for (const [index, { name, lan }] of lab.sites.entries()) {
    const argv = ['user', 'add', user, 'admin', '--instance', lab.names.instance(name)]
    await lab.exec(name, [causeway, ...argv], { input: `${password}\n` })
    const [socketPath, address] = [runFile(lab, `page-${name}.sock`), bare(lan.address)]
    const program = lab.spawn(`${name}-host`, [process.execPath, relay, socketPath, address])
    await program.line((line) => line === 'ready', startMs)
    const agent = new Agent({ keepAlive: true, maxSockets: mostSockets, rejectUnauthorized: false })
    const server = createServer({ key: own.key, cert: own.certificate }, (asked, answer) =>
      lead(asked, answer, { socketPath, agent, address }),
    )
    opened.defer(() => {
      server.closeAllConnections()
      server.close()
      agent.destroy()
    })
    urls.set(name, `https://localhost:${await listen(server, firstPort + index)}/`)
  }
  const all = opened.move()
  return { urls, user, password, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What to do with them, for whoever started the lab. */
export function doorLines({ urls, user, password }: PageDoors): string {
  const pages = [...urls].map(([site, url]) => `  ${url}  ${site}`)
  return [
    'the page of each box, in a browser of this machine, which warns of a certificate that is the box’s own:',
    ...pages,
    `  sign in as ${user} with ${password}`,
  ].join('\n')
}

/** Gone with the lab. */
function runFile({ id }: Lab, name: string): string {
  return `/run/causeway-lab/${id}-${name}`
}

interface Way {
  readonly socketPath: string
  readonly agent: Agent
  readonly address: string
}

function lead(asked: IncomingMessage, answer: ServerResponse, { address, ...way }: Way): void {
  const { method, url, headers } = asked
  const { host = '', origin } = headers
  const isOurs = /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/.test(host)
  const onward = request({
    ...{ ...way, method, path: url },
    headers: {
      ...headers,
      ...(isOurs ? { host: address } : {}),
      ...(isOurs && origin === `https://${host}` ? { origin: `https://${address}` } : {}),
    },
  })
  onward.on('response', (got) => {
    answer.writeHead(got.statusCode!, got.headers)
    got.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  answer.on('close', () => onward.destroy())
  asked.pipe(onward)
}

/** @returns the port: that one, or any if it is taken */
async function listen(server: Server, port: number): Promise<number> {
  const attempt = (one: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(one, '127.0.0.1', resolve)
    })
  await attempt(port).catch(() => attempt(0))
  return (server.address() as AddressInfo).port
}
