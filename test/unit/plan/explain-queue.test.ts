/** Who waits beside a flow's packets: its class, what of it waits for its peer, and how long such packets waited of late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainText } from '../../../firmware/cli/explain-text.ts'
import type { Queues } from '../../../firmware/model/queue-counters.ts'
import { answerTo, check, inward, nowhere } from './explain-answer.ts'
import { sampleIncident } from './sample-explanation.ts'
import { queueOf, sampleQueues } from './sample-queue.ts'

const before = sampleQueues(queueOf({ waitUs: 1_000_000 }, { 4: 1_000 }))
const now = sampleQueues(
  queueOf({ waitUs: 1_800_000, waitingPackets: 12, waitingBytes: 15_000 }, { 4: 1_000, 10: 100 }),
)
const queues = { now, before }
const bulk = { class: 'bulk' } as const

/** The row of that name. */
function row(...asked: Parameters<typeof answerTo>): string | undefined {
  const lines = explainText(answerTo(...asked)).split('\n')
  return lines.find((line) => line.startsWith('class '))?.slice(9)
}

test('to a peer by an uplink that is kept to a rate', () => {
  const { class: name, queue } = answerTo(bulk, { queues })
  assert.equal(name, 'bulk')
  const { classDelay, ...rest } = queue!
  assert.deepEqual(rest, {
    ...{ uplink: 'wan0', waitingPackets: 12, waitingBytes: 15_000, uplinkBytes: 15_000 },
    meanSeconds: 0.008,
  })
  assert.equal(classDelay!.packets, 100)
  assert.equal(
    row(bulk, { queues }),
    'bulk: 12 packets of it wait there by wan0 (15.0 kB); they waited 8.0 ms of late, 95 % of the class up to 8.1 ms',
  )
})

test('a class of which nothing waits, or nothing ever did', () => {
  const answer = answerTo({ class: 'voice' }, { queues })
  assert.deepEqual(answer.queue, {
    ...{ uplink: 'wan0', waitingPackets: 0, waitingBytes: 0, uplinkBytes: 15_000 },
    ...{ meanSeconds: null, classDelay: null },
  })
  assert.equal(row({ class: 'voice' }, { queues }), 'voice: nothing of it waits there by wan0')
  const still = { now: before, before }
  assert.equal(answerTo(bulk, { queues: still }).queue!.meanSeconds, null)
  // The scheduler began anew meanwhile.
  assert.equal(answerTo(bulk, { queues: { now: before, before: now } }).queue!.meanSeconds, 0.001)
})

test('to the Internet it is what the kernel sends; from a peer it is the answers', () => {
  const away = { ...nowhere, from: 'lan', class: 'normal' } as const
  const kernel = {
    ...now.peers[0]!,
    classes: now.peers[0]!.classes.map((one) => ({ ...one, packets: 9, waitUs: 30 })),
  }
  const later = { ...now, peers: [kernel, now.peers[1]!] }
  const out = answerTo(away, { ask: { to: '8.8.8.8' }, queues: { now: later, before } })
  assert.equal(out.route.kind, 'internet')
  assert.deepEqual([out.queue!.uplink, out.queue!.meanSeconds], ['wan0', 0.000015])
  const back = { ask: { from: '10.0.0.5', to: '10.1.0.10' }, queues }
  assert.equal(answerTo({ ...inward, ...bulk }, back).queue!.uplink, 'wan0')
  assert.match(row({ ...inward, ...bulk }, back)!, /^bulk \(of its answers\): 12 packets/)
})

test('what is for the box itself, or stays in the LANs, is of no class', () => {
  const home = { hop: 'box', peer: '', class: 'normal', paths: [], path: null, port: '' } as const
  const { class: name, queue } = answerTo(home, { ask: { to: '10.1.0.1' }, queues })
  assert.deepEqual([name, queue], [null, null])
})

test('no rate, no reading, no class: no queue', () => {
  const free: Queues = { ...now, uplinks: now.uplinks.map((uplink) => ({ ...uplink, bps: 0 })) }
  assert.equal(answerTo(bulk, { queues: { now: free, before } }).queue, null)
  assert.equal(row(bulk, { queues: { now: free, before } }), 'bulk')
  assert.equal(answerTo(bulk, { queues: null }).queue, null)
  const { class: none, queue } = answerTo({ class: null }, { queues })
  assert.deepEqual([none, queue], [null, null])
  assert.equal(row({ class: null }, { queues }), undefined)
})

test('who sends more than a queue lets through is slowed, and passes', () => {
  for (const where of ['queue', 'ingress', 'limit']) {
    for (const how of ['delay', 'full']) {
      const incidents = [sampleIncident({ reason: `${where}_${how}` })]
      check({ incidents }, {}, 'forwarded', /./)
      assert.equal(answerTo({ incidents }).incidents.length, 1)
    }
  }
})
