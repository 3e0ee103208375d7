/**
 * A throwaway network namespace with veth pairs for NICs, made before the tests of a file and removed after them, and the
 * real `Net` at work in it (linux-net-inside.ts).
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before } from 'node:test'

export interface Report {
  readonly steps: string[]
  readonly claims: string[]
  /** Why counters could not be read. */
  readonly lost: { code: string }[]
  /** What `ip route get` said. */
  readonly ways: string[]
  readonly failure?: { code: string }
}

export const space = `cwgw-${process.pid}`
export const nicNetns = `causeway-cwgw-${process.pid}`
export const nics = ['enp1s0', 'wwan0', 'enp2s0', 'enp3s0']

export const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' })

export function makeSpace(): void {
  before(() => {
    ip('netns', 'add', space)
    for (const nic of nics) {
      ip('-n', space, 'link', 'add', nic, 'type', 'veth', 'peer', 'name', `x-${nic}`)
      ip('-n', space, 'link', 'set', `x-${nic}`, 'up')
    }
  })
  after(() => {
    for (const name of [nicNetns, space]) {
      try {
        ip('netns', 'del', name)
      } catch {
        // It was not made.
      }
    }
  })
}

export const inside = (config: object): Promise<Report> => runInside({ config, nicNetns })

/** Runs a script with the real `Net` inside the namespace; it prints JSON. */
export async function runInside(task: object, wrapper: readonly string[] = []): Promise<Report> {
  const input = JSON.stringify(task)
  const script = new URL('./linux-net-inside.ts', import.meta.url).pathname
  const inNet = ['nsenter', `--net=/run/netns/${space}`, process.execPath, script]
  const [program, ...args] = [...wrapper, ...inNet] as [string, ...string[]]
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(input)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return JSON.parse(Buffer.concat(chunks).toString())
}
