/** What a plan says to people: of long values that in which they differ. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planText } from '../../../firmware/cli/ctl-plan-text.ts'

test('of two long values that is shown in which they differ', () => {
  const long = Array.from({ length: 100 }, (_, at) => `10.${at}.0.0/16`)
  const sites = [
    {
      site: 'a',
      differences: [{ path: '/x', before: [...long, 'one'], after: [...long, 'other'] }],
    },
  ]
  const change = { documents: [], problems: [], warnings: [], digest: '', sites }
  const line = planText(change, [], [])
    .split('\n')
    .find((one) => one.includes('~ x'))
  assert.match(line!, /~ x: ….*"one"\] → ….*"other"\]$/)
  assert.ok(line!.length < 120)
})
