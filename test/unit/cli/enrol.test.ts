/** What `causeway enrol` tells people about whose a box is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrolmentText } from '../../../firmware/cli/enrol.ts'
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import { alone } from '../gateway/sample-enrolment.ts'
import { cli } from './shell.ts'

const code = 'ZK3M-Q9XA'
const controller = 'ctl.example.net:443'

test('a box that runs alone, one that looks, one that waits, and one that is owned say so in a few lines', () => {
  assert.equal(
    enrolmentText(alone, 'main'),
    'serial  abababab\nowner   none: this box runs by its own device.yaml\n',
  )
  const looking: EnrolmentAnswer = { ...alone, state: 'looking', controllers: [controller] }
  const lastError = { code: 'LINK_UNREACHABLE', message: `cannot reach ${controller}` }
  assert.equal(
    enrolmentText({ ...looking, lastError }, 'main'),
    `serial  abababab\nowner   none yet; asks ${controller}\nlast    cannot reach ${controller} (LINK_UNREACHABLE)\n`,
  )
  const offers = [{ controller, code, isConfirmed: false }]
  const waiting = enrolmentText({ ...looking, state: 'waiting', offers }, 'second')
  assert.match(waiting, /^code {4}ZK3M-Q9XA {2}\(ctl\.example\.net:443\)$/m)
  assert.match(waiting, /causeway ctl claim abababab SITE --code ZK3M-Q9XA$/m)
  assert.match(waiting, /causeway enrol confirm ZK3M-Q9XA --instance second$/m)
  const owned: EnrolmentAnswer = { ...looking, state: 'owned', ownerFingerprint: 'cd'.repeat(32) }
  const text = enrolmentText({ ...owned, revision: 7, certificateSeconds: -3600 }, 'main')
  assert.match(text, /^link {4}down; what runs goes on \(ctl\.example\.net:443\)$/m)
  assert.match(text, /^config {2}revision 7$/m)
  assert.match(text, /^own certificate ended .* ago: renewed as soon as there is a link$/m)
})

test('what is typed wrongly is told before anybody is asked', async () => {
  for (const words of [['confirm'], ['with'], ['with', 'no place:at all'], ['confrim', code]]) {
    assert.equal((await cli('enrol', ...words)).code, 2, words.join(' '))
  }
})
