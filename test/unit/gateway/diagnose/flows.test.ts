/** Flows as people get them: of the table and of the kernel, the latest first, bounded, with what the list does not cover. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowsAnswer, readConnection } from '../../../../firmware/gateway/diagnose/flows.ts'
import { logLine } from '../../../../firmware/gateway/diagnose/log-lines.ts'
import { fakeTools } from '../../../../firmware/host/diagnose/fake.ts'
import { openLogRing } from '../../../../firmware/host/system/log-ring.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'
import type { TableFlow } from '../../../../firmware/model/table-flow.ts'
import { statusOf } from '../../../browser/canned/site.ts'
import { says } from './around.ts'

const uplinks = new Map([['192.0.2.10', 'wan0']])
const tcp =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.1.0.10 dst=9.9.9.9 sport=50312 dport=443 packets=5 bytes=500 src=9.9.9.9 dst=192.0.2.10 sport=443 dport=50312 packets=4 bytes=4000 [ASSURED] mark=0 use=1'

test('a connection of the kernel is read both ways; one that leaves by no uplink is none', () => {
  assert.deepEqual(readConnection(tcp, uplinks), {
    ...{ verdict: 'breaks-out', source: '10.1.0.10', destination: '9.9.9.9', protocol: 6 },
    ...{ sourcePort: 50_312, destinationPort: 443, segment: null, peer: null, uplink: 'wan0' },
    ...{ policy: null, class: null, idleSeconds: null, packets: 9, bytes: 4500, isMore: false },
  })
  const ping =
    'ipv4     2 icmp     1 29 src=10.1.0.10 dst=9.9.9.9 type=8 code=0 id=7 src=9.9.9.9 dst=192.0.2.10 type=0 code=0 id=7 mark=0 use=1'
  const found = readConnection(ping, uplinks)!
  assert.deepEqual([found.sourcePort, found.packets, found.bytes], [0, null, null])
  assert.equal(readConnection(tcp.replace('dst=192.0.2.10', 'dst=10.1.0.10'), uplinks), null)
  assert.equal(readConnection('conntrack v1.4.7 (conntrack-tools): 3 flow entries', uplinks), null)
})

const flow = (more: Partial<TableFlow>): TableFlow => ({
  ...{ source: '10.1.0.10', destination: '10.2.0.10', sourcePort: 1, destinationPort: 443 },
  ...{ protocol: 6, segment: 'office', peer: 'lisbon', policy: 'default', class: null },
  ...{ idleMs: 1, packets: 255, path: 3, uplink: 0, isClosed: false, isBreakout: false },
  ...more,
})

function sources(flows: readonly TableFlow[], tools = fakeTools()) {
  return {
    datapath: () => ({ flows: async (_idleMs: number, most: number) => flows.slice(0, most) }),
    numbered: () => [{ name: 'wan0' }, { name: 'lte0' }] as never,
    ...{ uplinks: () => statusOf({ site: 'well' }).uplinks, counters: () => null, tools },
  }
}

test('the latest are first, each with its verdict, and no more than three hundred', async () => {
  const held = flow({ path: null, uplink: null, idleMs: 5 })
  const out = flow({ isBreakout: true, peer: null, path: null, uplink: null, idleMs: 9 })
  const some = await flowsAnswer(sources([out, held, flow({ uplink: 1 })]))
  assert.deepEqual(
    some.flows.map(({ verdict, uplink, isMore }) => [verdict, uplink, isMore]),
    [
      ['to-peer', 'lte0', true],
      ['held', null, true],
      ['breaks-out', null, true],
    ],
  )
  const many = await flowsAnswer(sources(Array.from({ length: 5_000 }, () => flow({}))))
  assert.equal(many.flows.length, 300)
  assert.match(many.sentence, /More than 2048 passed/)
})

test('without conntrack, or a datapath, that is said', async () => {
  const tools = fakeTools()
  tools.program = () => {
    throw new CausewayError('HOST_COMMAND_FAILED', "cannot run 'conntrack'")
  }
  assert.match((await flowsAnswer(sources([], tools))).sentence, /`conntrack` is not there/)
  const with6 = fakeTools()
  with6.program = says([tcp, tcp.replace('192.0.2.10', '192.0.2.10')])
  assert.match((await flowsAnswer(sources([], with6))).sentence, /what the kernel translates/)
  await assert.rejects(flowsAnswer({ ...sources([]), datapath: () => null }), {
    code: 'API_NOT_READY',
  })
})

test('the ring keeps the last thousand lines, each with its number, cut where it is too long', () => {
  const ring = openLogRing()
  for (let number = 1; number <= 2_500; number++) ring.write(`${number}\n`)
  const lines = ring.after(0)
  assert.deepEqual(
    [lines.length, lines[0], lines.at(-1)],
    [1_000, { number: 1_501, text: '1501' }, { number: 2_500, text: '2500' }],
  )
  assert.deepEqual(
    ring.after(2_498).map(({ text }) => text),
    ['2499', '2500'],
  )
  assert.deepEqual(ring.after(2_500), [])
  assert.deepEqual(
    ring.after(2_501),
    lines,
    'whoever counts on from a process before has seen none',
  )
  ring.write('x'.repeat(10_000))
  assert.equal(ring.after(2_500)[0]!.text.length, 4_096)
})

test('a line of the log is of an area, and one that is no JSON is there all the same', () => {
  const read = (fields: object) => logLine({ number: 1, text: JSON.stringify(fields) })
  for (const [fields, area] of [
    [{ msg: 'session up', peer: 'hub-1', uplink: 'wan0' }, 'peer'],
    [{ msg: 'x', code: 'STORE_READ_FAILED' }, 'store'],
    [{ msg: 'x', code: 'ZTP_BUSY' }, 'controller'],
    [{ msg: 'packet denied', peer: 'hub-1' }, 'policy'],
    [{ msg: 'gateway ready', revision: 3 }, 'config'],
    [{ msg: 'stopped' }, 'gateway'],
  ] as const)
    assert.equal(read(fields).area, area, fields.msg)
  const { level, fields } = read({ level: 'warn', msg: 'x', role: 'gateway', revision: 3 })
  assert.deepEqual([level, fields], ['warn', { revision: '3' }])
  const cut = logLine({ number: 7, text: '{"level":"error","msg":"cut o' })
  assert.deepEqual(
    [cut.number, cut.level, cut.message],
    [7, 'info', '{"level":"error","msg":"cut o'],
  )
})
