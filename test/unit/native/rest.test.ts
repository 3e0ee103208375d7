/** A datapath that nobody has given a program yet waits for one, and leaves the processor to who makes it: a blank box has one core, maybe. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as passed } from 'node:timers/promises'
import { until } from '../../lab/until.ts'

const inside = join(import.meta.dirname, 'inside-box.ts')
const lookedAtMs = 1_000
/** Of processor time, in hundredths of a second (proc(5)): ten looks a second cost none. */
const mostTicks = 20

/** A thread gives itself its name once it runs. */
async function workerOf(pid: number): Promise<string> {
  const tasks = `/proc/${pid}/task`
  const isWorker = (task: string) => readFileSync(`${tasks}/${task}/comm`, 'utf8') === 'cw-worker\n'
  const worker = await until('a worker', async () => readdirSync(tasks).find(isWorker) ?? null)
  return `${tasks}/${worker}/stat`
}

function ticksIn(stat: string): number {
  const fields = readFileSync(stat, 'utf8').split(') ')[1]!.split(' ')
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
    const worker = await workerOf(child.pid!)
    const before = ticksIn(worker)
    await passed(lookedAtMs)
    assert.ok(ticksIn(worker) - before <= mostTicks)
  } finally {
    child.kill()
  }
})
