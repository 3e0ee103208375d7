/** Answers that come later than what was asked after them: they are no news. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { loadSession, refresh, session, signIn, signOut } from '../../../webui/live/session.ts'
import { askStatus, forgetStatus, hear, status } from '../../../webui/live/status.ts'
import { statusOf } from '../../browser/canned/site.ts'

type Reply = (body: unknown, status?: number) => void

/** @returns what answers each question, in the order in which they were asked */
function holdAnswers(context: TestContext): readonly Reply[] {
  const replies: Reply[] = []
  context.mock.method(globalThis, 'fetch', () => {
    const { promise, resolve } = Promise.withResolvers<Response>()
    replies.push((body, code = 200) => resolve(Response.json(body, { status: code })))
    return promise
  })
  return replies
}

test('of two answers for the status the one that was asked for last stays, and none after somebody left', async (context) => {
  const replies = holdAnswers(context)
  const reads = [askStatus(), askStatus(), askStatus(), askStatus()]
  replies[1]!({ ...statusOf({ site: 'well' }), site: 'newer' })
  assert.equal(await reads[1], 'answered')
  replies[0]!({ ...statusOf({ site: 'well' }), site: 'older' })
  assert.equal(await reads[0], 'old')
  assert.equal(status.value?.site, 'newer')
  replies[2]!({ ...statusOf({ site: 'well' }), site: 'newest' })
  assert.equal(await reads[2], 'answered')
  assert.equal(status.value?.site, 'newest')
  forgetStatus()
  replies[3]!(statusOf({ site: 'well' }))
  assert.equal(await reads[3], 'old')
  assert.equal(status.value, null)
})

test('what was heard while an answer was on its way holds against it', async (context) => {
  const replies = holdAnswers(context)
  const well = statusOf({ site: 'well' })
  hear({ kind: 'status', status: well })
  const reading = askStatus()
  const problems = ['uplink wan0 (enp1s0) is down']
  hear({ kind: 'uplink', uplink: 'wan0', isUp: false })
  hear({ kind: 'peer', peer: 'oslo', state: 'down' })
  hear({ kind: 'health', isHealthy: false, problems })
  replies[0]!({ ...well, site: 'elsewhere' })
  assert.equal(await reading, 'answered')
  const { site, isHealthy, uplinks, peers } = status.value!
  assert.deepEqual([site, isHealthy], ['elsewhere', false])
  assert.equal(uplinks.find(({ name }) => name === 'wan0')!.isUp, false)
  assert.equal(peers.find(({ name }) => name === 'oslo')!.state, 'down')
})

test('what a stream begins with is newer than what was asked before, and than its failure', async (context) => {
  const replies = holdAnswers(context)
  const well = statusOf({ site: 'well' })
  const reads = [askStatus(), askStatus()]
  hear({ kind: 'status', status: { ...well, site: 'of-the-stream' } })
  replies[0]!(well)
  replies[1]!({ code: 'API_INTERNAL', message: 'no' }, 500)
  assert.deepEqual(await Promise.all(reads), ['old', 'old'])
  assert.equal(status.value!.site, 'of-the-stream')
})

const user = (name: string) => {
  return { user: { name, role: 'admin' }, csrf: name, isFirst: false, needsSetupCode: false }
}

test('who was signed in before is not who signed in meanwhile, and no refusal of before signs them out', async (context) => {
  const replies = holdAnswers(context)
  const refused = { code: 'API_UNAUTHENTICATED', message: 'sign in first' }
  for (const [body, code] of [[user('anna')], [refused, 401]] as const) {
    const before = replies.length
    const looked = loadSession()
    const signedIn = signIn('otto', 'correct horse battery')
    replies[before + 1]!(user('otto'))
    await signedIn
    // What is asked now is another question.
    const again = loadSession()
    replies[before]!(body, code)
    await looked
    assert.deepEqual(session.value, { kind: 'signed-in', name: 'otto', role: 'admin' })
    replies[before + 2]!(user('otto'))
    await again
    assert.deepEqual(session.value, { kind: 'signed-in', name: 'otto', role: 'admin' })
  }
})

test('whoever signed out stays so: by a password that was asked for before, and by a sign-out that fails after another', async (context) => {
  const replies = holdAnswers(context)
  const signedIn = signIn('otto', 'correct horse battery')
  replies[0]!(user('otto'))
  await signedIn
  const refreshed = refresh('correct horse battery')
  const [first, second] = [signOut(), signOut()]
  replies[2]!({})
  await first
  assert.deepEqual(session.value, { kind: 'signed-out' })
  replies[1]!(user('otto'))
  await refreshed
  assert.deepEqual(session.value, { kind: 'signed-out' })
  replies[3]!({ code: 'API_INTERNAL', message: 'no' }, 500)
  await second
  assert.deepEqual(session.value, { kind: 'signed-out' })
})
