/**
 * Runs inside a test's namespace: brings the real kernel to the configuration on stdin, and prints the kinds of
 * the steps that it took, as JSON, with the error that ended it.
 */
import { text } from 'node:stream/consumers'
import { openLinuxNet } from '../../../firmware/host/net/linux.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { diff } from '../../../firmware/plan/diff.ts'

const { config, nicNetns } = JSON.parse(await text(process.stdin)) as {
  config: DeviceConfig
  nicNetns: string
}
const net = openLinuxNet()
const taken: string[] = []
try {
  const facts = { mac1Keys: [], nicNetns, nics: await net.nics(nicNetns) }
  const { host } = compile(config, facts)
  for (let round = 0; round < 3; round++) {
    const steps = diff(host, await net.read(host))
    await net.apply(steps)
    taken.push(...steps.map(({ kind }) => kind))
    if (round === 2 && steps.length > 0) throw new Error(JSON.stringify(steps))
  }
  process.stdout.write(JSON.stringify({ steps: taken }))
} catch (error) {
  if (!(error instanceof CausewayError)) throw error
  process.stdout.write(JSON.stringify({ steps: taken, failure: error }))
}
