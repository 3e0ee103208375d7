/**
 * Runs inside a test's namespace and does with the real kernel what stdin says: brings it to a configuration, takes
 * given steps, or claims the namespace. Prints as JSON the kinds of the steps and the error that ended it.
 */
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
}

const task = JSON.parse(await text(process.stdin)) as Task
const lost: CausewayError[] = []
const net = openLinuxNet((error) => lost.push(error))
const taken: string[] = []
const claims: string[] = []
let failure: CausewayError | undefined
try {
  if (task.steps !== undefined) await net.apply(task.steps)
  if (task.claims !== undefined) await claim(task.claims)
  if (task.config !== undefined) await converge(task.config, task.nicNetns!)
} catch (error) {
  if (!(error instanceof CausewayError)) throw error
  failure = error
}
process.stdout.write(JSON.stringify({ steps: taken, claims, lost, failure }))

async function converge(config: DeviceConfig, nicNetns: string): Promise<void> {
  const facts = { mac1Keys: [], nicNetns, nics: await net.nics(nicNetns), leases: [], withheld: [] }
  const { host } = compile(config, facts)
  for (let round = 0; round < 3; round++) {
    const steps = diff(host, await net.read(host))
    await net.apply(steps)
    taken.push(...steps.map(({ kind }) => kind))
    if (round === 2 && steps.length > 0) throw new Error(JSON.stringify(steps))
  }
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
