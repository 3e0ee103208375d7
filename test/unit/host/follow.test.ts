/** Programs whose output is read while they run: what the reader throws ends the program, and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byLine, follow } from '../../../firmware/host/system/follow.ts'

const following = { timeoutMs: 30_000, signal: new AbortController().signal }

test('what it writes comes as it is written, and at its end how it ended', async () => {
  const lines: string[] = []
  const onData = byLine((line) => void lines.push(line))
  const script = 'echo one; echo two; echo why >&2; exit 3'
  const ended = await follow(['sh', '-c', script], { ...following, onData })
  assert.deepEqual([lines, ended], [['one', 'two'], { code: 3, said: 'why' }])
})

test('what the reader throws ends the program and comes to whoever waits for it', async () => {
  let heard = 0
  const onData = (): void => {
    heard++
    throw new Error('no room')
  }
  const script = 'trap "echo last; exit" INT; echo first; while :; do sleep 0.05; done'
  const beganMs = performance.now()
  await assert.rejects(follow(['sh', '-c', script], { ...following, onData }), /^Error: no room$/)
  assert.equal(heard, 1, 'nothing more is handed over')
  assert.ok(performance.now() - beganMs < 20_000, 'it was not waited for')
})

test('a program that is not there is a coded error', async () => {
  const asked = follow(['no-such-program'], { ...following, onData: () => {} })
  await assert.rejects(asked, { code: 'HOST_COMMAND_FAILED' })
})
