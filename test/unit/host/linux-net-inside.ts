/**
 * Runs inside a test's namespace and does with the real kernel what stdin says: brings it to a configuration, takes
 * given steps, claims the namespace, or asks for ways. Prints as JSON the kinds of the steps and the error that ended it.
 */
import { spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { openLinuxNet } from '../../../firmware/host/net/linux.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Step } from '../../../firmware/model/host-state.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { diff } from '../../../firmware/plan/diff.ts'

interface Task {
  readonly config?: DeviceConfig
  readonly nicNetns?: string
  readonly steps?: readonly Step[]
  /** Every second one is to fail, since the one before it still holds. */
  readonly claims?: number
  /** After the configuration: which twins have a carrier, and what `ip route get` is asked. */
  readonly held?: readonly string[]
  readonly lookUps?: readonly string[]
}

const task = JSON.parse(await text(process.stdin)) as Task
const lost: CausewayError[] = []
const net = openLinuxNet((error) => lost.push(error))
const taken: string[] = []
const claims: string[] = []
const ways: string[] = []
let failure: CausewayError | undefined
try {
  if (task.steps !== undefined) await net.apply(task.steps)
  if (task.claims !== undefined) await claim(task.claims)
  if (task.config !== undefined) await converge(task.config, task.nicNetns!)
  for (const words of task.lookUps ?? []) ways.push(wayOf(words))
} catch (error) {
  if (!(error instanceof CausewayError)) throw error
  failure = error
}
process.stdout.write(JSON.stringify({ steps: taken, claims, lost, ways, failure }))

async function converge(config: DeviceConfig, nicNetns: string): Promise<void> {
  const facts = { mac1Keys: [], nicNetns, nics: await net.nics(nicNetns), leases: [], withheld: [] }
  const { host } = compile(config, facts)
  for (let round = 0; round < 3; round++) {
    const steps = diff(host, await net.read(host))
    await net.apply(steps)
    taken.push(...steps.map(({ kind }) => kind))
    if (round === 2 && steps.length > 0) throw new Error(JSON.stringify(steps))
  }
  const held = host.twins.filter(({ name }) => task.held?.includes(name))
  if (task.held !== undefined) net.hold(held)
}

/** `via 192.0.2.1 dev wan0`, or what is said instead. */
function wayOf(words: string): string {
  const { stdout, stderr } = spawnSync('ip', words.split(' '), { encoding: 'utf8' })
  return /(via \S+ )?dev \S+/.exec(stdout)?.[0] ?? stderr.trim()
}

async function claim(count: number): Promise<void> {
  let held: AsyncDisposable | null = null
  for (let turn = 0; turn < count; turn++) {
    try {
      held = await net.claim()
      claims.push('held')
    } catch (error) {
      claims.push((error as CausewayError).code)
      await held?.[Symbol.asyncDispose]()
    }
  }
  await held?.[Symbol.asyncDispose]()
}
