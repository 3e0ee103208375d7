/** The datapath's socket: a stream that cannot be read ends the connection, a fault of ours ends the process. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'

const script = new URL('./datapath-socket-inside.ts', import.meta.url).pathname

function inside(fault: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, fault], (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout.trim() }),
    )
  })
}

const cases: readonly [string, string, number, RegExp][] = [
  ['a client that sends garbage is cut off, others are served', 'client-garbage', 0, /ABI true$/],
  ['a datapath that sends garbage is lost', 'server-garbage', 0, /^closed: frame of 0 bytes$/],
  ['a fault in a handler of events crashes', 'handler-type-error', 1, /^crashed: TypeError$/],
  ['a fault in a verb crashes', 'server-type-error', 1, /^crashed: TypeError$/],
]

for (const [name, fault, code, said] of cases) {
  test(name, async () => {
    const outcome = await inside(fault)
    assert.match(outcome.said, said)
    assert.equal(outcome.code, code)
  })
}
