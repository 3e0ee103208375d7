/** A datapath that nobody has given a program yet waits for one, and leaves the processor to who makes it: a blank box has one core, maybe. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'

const inside = join(import.meta.dirname, 'inside-box.ts')
const lookedAtMs = 1_000
/** Of processor time, in hundredths of a second (proc(5)): ten looks a second cost none. */
const mostTicks = 20

function workerTicks(pid: number): number {
  const tasks = `/proc/${pid}/task`
  const worker = readdirSync(tasks).find(
    (task) => readFileSync(`${tasks}/${task}/comm`, 'utf8') === 'cw-worker\n',
  )
  assert.ok(worker !== undefined, 'there is no worker')
  const fields = readFileSync(`${tasks}/${worker}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}

test('without a program the worker sleeps', async () => {
  const child = spawn('unshare', ['--net', process.execPath, inside], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      assert.deepEqual(JSON.parse(line), { ready: true })
      break
    }
    const before = workerTicks(child.pid!)
    await passed(lookedAtMs)
    assert.ok(workerTicks(child.pid!) - before <= mostTicks)
  } finally {
    child.kill()
  }
})
