/** Answers that come later than what was asked after them: they are no news. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { loadSession, session, signIn } from '../../../webui/live/session.ts'
import { askStatus, forgetStatus, status } from '../../../webui/live/status.ts'
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
  assert.equal(await reads[1], 'taken')
  replies[0]!({ ...statusOf({ site: 'well' }), site: 'older' })
  assert.equal(await reads[0], 'old')
  assert.equal(status.value?.site, 'newer')
  replies[2]!({ ...statusOf({ site: 'well' }), site: 'newest' })
  assert.equal(await reads[2], 'taken')
  assert.equal(status.value?.site, 'newest')
  forgetStatus()
  replies[3]!(statusOf({ site: 'well' }))
  assert.equal(await reads[3], 'old')
  assert.equal(status.value, null)
})

test('who was signed in before is not who signed in meanwhile, and no refusal of before signs them out', async (context) => {
  const replies = holdAnswers(context)
  const user = (name: string) => {
    return { user: { name, role: 'admin' }, csrf: name, isFirst: false, needsSetupCode: false }
  }
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
