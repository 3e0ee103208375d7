/**
 * A controller, as a process, on a disk of 3 MB that is filled while tenants are added, and has room again; it is started once more
 * after it has ended. Prints as JSON what became of it. The folder that it is given is such a disk, of this process alone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'

const root = process.argv[2]!
const places = placesOf('main', root)
const main = join(import.meta.dirname, '../../../firmware/main.ts')
const filler = join(root, 'filler')
const mostTenants = 900
/** A controller that does not end is killed then. */
const childMs = 40_000
/** Beside what fills the disk. */
const leftBytes = 32 * 1024

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly exited: Promise<number | null>
  readonly codes: string[]
}

async function start(): Promise<Started> {
  const at = await freePort()
  const argv = [
    main,
    'controller',
    '--root',
    root,
    '--listen',
    `127.0.0.1:${at}`,
    '--name',
    '127.0.0.1',
  ]
  // It dies with this process.
  const wrapped = ['--pdeathsig', 'KILL', '--', process.execPath, ...argv]
  const child = spawn('setpriv', wrapped, {
    timeout: childMs,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  const codes: string[] = []
  let port: string | undefined
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = JSON.parse(text) as { code?: string; msg: string; detail?: string }
    if (line.code !== undefined) codes.push(line.code)
    port ??= /^port (\d+)/.exec(line.detail ?? '')?.[1]
    // The last that it writes by itself.
    if (line.detail === places.setupToken) resolve(Number(port))
  })
  void exited.then(() => reject(new Error('it has ended')))
  return { child, port: await promise, exited, codes }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, 'close')
  return port
}

function ask(port: number, method: 'GET' | 'POST', body?: object): Promise<unknown> {
  const authority = readFileSync(join(places.keyFolder, 'owner.pem'), 'utf8')
  const token = readFileSync(places.setupToken, 'utf8').trim()
  const controller = { host: '127.0.0.1', port }
  const said = body === undefined ? {} : { body }
  const path = '/api/v1/tenants'
  return askController({ controller, authority, token, method, path, timeoutMs: 10_000, ...said })
}

const first = await start()
const { bavail, bsize } = statfsSync(root)
writeFileSync(filler, Buffer.alloc(bavail * bsize - leftBytes))
const acknowledged: string[] = []
let refusal: string | null = null
while (refusal === null && acknowledged.length < mostTenants) {
  const name = `t${acknowledged.length}`
  try {
    await ask(first.port, 'POST', { name })
    acknowledged.push(name)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    refusal = error.code
  }
}
rmSync(filler)
const exitCode = await first.exited
const second = await start()
const { tenants } = (await ask(second.port, 'GET')) as { tenants: readonly { name: string }[] }
const there = new Set(tenants.map(({ name }) => name))
const lost = acknowledged.filter((name) => !there.has(name))
await ask(second.port, 'POST', { name: 'next' })
second.child.kill('SIGTERM')
const report = { refusal, exitCode, codes: first.codes, acknowledged: acknowledged.length, lost }
process.stdout.write(JSON.stringify({ ...report, lastExitCode: await second.exited }))
