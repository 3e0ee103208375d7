/** What the page about diagnostics makes of answers and forms: chains, links, found lines, questions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import type { LogLine } from '../../../firmware/model/local-api-log.ts'
import { captureRequest, emptyCapture } from '../../../webui/page/diagnostics/capture-request.ts'
import { chainOf } from '../../../webui/page/diagnostics/explain-chain.ts'
import { fileStem } from '../../../webui/page/diagnostics/file-name.ts'
import { explainLink, fits } from '../../../webui/page/diagnostics/flow-find.ts'
import { addLines, fitsLine } from '../../../webui/page/diagnostics/log-find.ts'
import {
  emptyReach,
  isReachWhole,
  reachRequest,
} from '../../../webui/page/diagnostics/reach-form.ts'
import { diagnosticsAnswers } from '../../browser/canned/diagnostics.ts'

const placeOf = (chosen: string): Record<string, string> => {
  const [kind = '', name] = chosen.split(' ')
  return name === undefined ? {} : { [kind]: name }
}

const explained = (to: string): ExplainAnswer =>
  diagnosticsAnswers['POST /api/v1/explain']!({
    body: { from: '10.1.0.10', to, toPort: 443 },
    ...{ params: {}, box: undefined as never },
  }) as ExplainAnswer

test('a flow that passes is a chain of what decided, in the order in which packets meet it', () => {
  const chain = chainOf(explained('10.0.0.5'))
  assert.deepEqual(
    chain.map(({ step, tone }) => `${step} ${tone}`),
    [
      'flow info',
      'segment good',
      'route good',
      'rule good',
      'policy good',
      'peer good',
      'path good',
      'queue good',
    ],
  )
  assert.equal(chain[0]!.text, '10.1.0.10 → 10.0.0.5:443, TCP')
  assert.match(chain[6]!.text, /^wan0 to 198\.51\.100\.7:51820, on which the flow stays, 8\.40 ms/)
})

test('one that is denied shows where it ends, and nothing behind', () => {
  const chain = chainOf(explained('10.1.20.4'))
  assert.deepEqual(chain.map(({ step, tone }) => `${step} ${tone}`).slice(3), ['rule bad'])
  assert.match(chain[3]!.text, /no rule fits: what holds between the segments denies it/)
})

test('of a peer none of whose paths may carry it, that is said', () => {
  const answer = explained('10.0.0.5')
  const paths = answer.paths.map((path) => ({ ...path, isTaken: false }))
  const chain = chainOf({ ...answer, paths, peer: { name: 'hub-1', hasSession: false } })
  const bad = chain.filter(({ tone }) => tone === 'bad').map(({ step }) => step)
  assert.deepEqual(bad, ['peer', 'path'])
})

test('a flow of the list is asked about as it is', () => {
  const ends = {
    source: '10.1.0.10',
    destination: 'fd00::1',
    destinationPort: 443,
    protocol: 17,
    segment: 'office',
  }
  assert.equal(
    explainLink(ends),
    '#/diagnostics/explain?from=10.1.0.10&to=fd00%3A%3A1&toPort=443&protocol=udp&segment=office',
  )
  const bare = { ...ends, destinationPort: 0, protocol: 47, segment: null }
  assert.equal(explainLink(bare), '#/diagnostics/explain?from=10.1.0.10&to=fd00%3A%3A1')
})

test('all words that are looked for must be there, in any order and case', () => {
  assert.ok(fits(['10.1.0.10:443', 'office', null], 'OFFICE 443'))
  assert.ok(!fits(['10.1.0.10:443', 'office', null], 'office 80'))
  assert.ok(fits(['x'], ''))
})

const line = (number: number, more: Partial<LogLine> = {}): LogLine => ({
  ...{
    number,
    time: '',
    level: 'info',
    area: 'gateway',
    message: 'session up',
    fields: { peer: 'hub-1' },
  },
  ...more,
})

test('lines of the log fit by level, area and words of message and fields', () => {
  const all = { level: 'all', area: '', words: '' } as const
  assert.ok(fitsLine(line(1), all))
  assert.ok(fitsLine(line(1), { ...all, words: 'HUB-1 session' }))
  assert.ok(!fitsLine(line(1), { ...all, words: 'lisbon' }))
  assert.ok(!fitsLine(line(1), { ...all, level: 'warn' }))
  assert.ok(fitsLine(line(1, { level: 'error' }), { ...all, level: 'warn' }))
  assert.ok(!fitsLine(line(1, { level: 'warn' }), { ...all, level: 'error' }))
  assert.ok(!fitsLine(line(1), { ...all, area: 'peer' }))
})

test('new lines come first; a box that began anew begins anew here; at most a thousand stay', () => {
  const numbers = (lines: readonly LogLine[]) => lines.map(({ number }) => number)
  const had = addLines([], [line(1), line(2)])
  assert.deepEqual(numbers(addLines(had, [line(3)])), [3, 2, 1])
  assert.equal(addLines(had, []), had)
  assert.deepEqual(numbers(addLines(had, [line(1)])), [1])
  const many = Array.from({ length: 1_200 }, (_, index) => line(index + 1))
  assert.equal(addLines([], many).length, 1_000)
})

test('forms ask the box for what was filled in and nothing else', () => {
  const form = { ...emptyReach, to: ' 10.2.0.1 ', from: 'lan lan0', name: 'www.example.com' }
  assert.deepEqual(reachRequest('ping', form, placeOf), { to: '10.2.0.1', lan: 'lan0', count: 5 })
  assert.deepEqual(reachRequest('mtu', { ...form, peer: 'hub-1' }, placeOf), { peer: 'hub-1' })
  assert.deepEqual(reachRequest('dns', { ...form, from: '' }, placeOf), {
    name: 'www.example.com',
    type: 'A',
  })
  assert.ok(!isReachWhole('ping', emptyReach) && isReachWhole('ping', form))
  assert.ok(!isReachWhole('link', form) && isReachWhole('mtu', { ...emptyReach, peer: 'hub-1' }))
  const far = { ...form, far: 'lisbon' }
  assert.deepEqual(reachRequest('speed', far, placeOf), { peer: 'lisbon', seconds: 5 })
  const elsewhere = { ...far, segment: 'cameras', seconds: null }
  assert.deepEqual(reachRequest('speed', elsewhere, placeOf), {
    ...{ peer: 'lisbon', segment: 'cameras' },
  })
  assert.ok(!isReachWhole('speed', form) && isReachWhole('speed', far))
  const capture = {
    ...emptyCapture,
    place: 'segment office',
    host: ' 10.1.0.10',
    port: 443,
    protocol: 'tcp',
  } as const
  assert.deepEqual(captureRequest(capture, placeOf), {
    ...{ segment: 'office', seconds: 10 },
    filter: { host: '10.1.0.10', port: 443, protocol: 'tcp' },
  })
  assert.deepEqual(captureRequest({ ...emptyCapture, place: 'lan lan0' }, placeOf), {
    lan: 'lan0',
    seconds: 10,
  })
})

test('files are named after the site and the minute', () => {
  assert.equal(
    fileStem('berlin', new Date('2026-11-27T09:12:33Z')),
    'causeway-berlin-2026-11-27-0912',
  )
  assert.equal(fileStem(null, new Date('2026-11-27T09:12:33Z')), 'causeway-2026-11-27-0912')
})
