/** What `npm start` and `npm run accept` say to whoever asks how, or types what makes no sense: without a lab. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const run = (program: string, option: string) =>
  spawnSync(process.execPath, [new URL(program, import.meta.url).pathname, option], {
    encoding: 'utf8',
  })

test('npm start: --help prints the usage and is 0; an unknown option is 2', () => {
  const { status, stdout, stderr } = run('start.ts', '--help')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(
    stdout,
    /^usage: npm start .*\n.*--nat .*\n.*--once .*\n.*--seconds N .*\n.*--logs FOLDER /,
  )
  const wrong = run('start.ts', '--wings')
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^Unknown option '--wings'\nusage: npm start /)
})

test('npm run accept: --help prints the usage with every line and is 0; an unknown option is 2', () => {
  const { status, stdout, stderr } = run('../accept/accept.ts', '--help')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^.*\nusage: npm run accept .*\n.*--quick /)
  assert.match(stdout, /\n {2}any-nat +matrix /)
  const wrong = run('../accept/accept.ts', '--wings')
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^Unknown option '--wings'\nusage: npm run accept /)
})
