/** What `npm start` says to whoever asks how, or types what makes no sense: without a lab. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const start = (option: string) =>
  spawnSync(process.execPath, [new URL('start.ts', import.meta.url).pathname, option], {
    encoding: 'utf8',
  })

test('--help prints the usage and is 0; an unknown option is 2', () => {
  const { status, stdout, stderr } = start('--help')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^usage: npm start .*\n.*--once .*\n.*--seconds N .*\n.*--logs FOLDER /)
  const wrong = start('--wings')
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^Unknown option '--wings'\nusage: npm start /)
})
