/**
 * Runs inside a test's namespace: the real engine by lines of JSON. In {call, argument}, out {result} or {error};
 * Buffers travel as {hex}. Ends when its input does.
 */
import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openAddon } from '../../../firmware/host/datapath/addon.ts'
import { datapathOver } from '../../../firmware/host/datapath/client.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { fromLine, toLine } from './lines.ts'

type Calls = Record<string, (argument: unknown) => Promise<unknown>>

const [aead = 'auto'] = process.argv.slice(2)
using scratch = mkdtempDisposableSync(join(tmpdir(), 'causeway-'))
const addon = openAddon({
  memoryMb: 128,
  flows: 1024,
  ownCpu: 0,
  noHugepages: true,
  runFolder: scratch.path,
  aead: aead as 'auto' | 'ipsec-mb' | 'openssl',
})
const datapath = await datapathOver(addon)
datapath.onEvent((event) => process.stdout.write(toLine({ event })))
process.stdout.write(toLine({ ready: true }))
for await (const line of createInterface({ input: process.stdin })) {
  const { call, argument } = fromLine(line) as { call: string; argument: unknown }
  try {
    const result = await (datapath as unknown as Calls)[call]!(argument)
    process.stdout.write(toLine({ result: result ?? null }))
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    process.stdout.write(toLine({ error: error.toJSON() }))
  }
}
await datapath[Symbol.asyncDispose]()
