/** What people ask about a flow, as the datapath is asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { isExact, questionOf } from '../../../firmware/plan/flow-question.ts'

const segments = [{ name: 'office', vni: 100 }]
const ask = (change: Partial<ExplainRequest>) =>
  questionOf({ from: '10.1.0.10', to: '10.2.0.10', ...change }, { segments })
const refuses = (change: Partial<ExplainRequest>, path: string): void => {
  assert.throws(() => ask(change), { code: 'API_INVALID', path })
}

test('what is left out: a ping, or TCP where there is a port', () => {
  assert.deepEqual(ask({}), {
    ...{ segment: '', source: '10.1.0.10', destination: '10.2.0.10' },
    ...{ sourcePort: 0, destinationPort: 0, protocol: 1, isAnyProtocol: true },
    ...{ dscp: 0, server: '' },
  })
  assert.equal(ask({ from: 'fd00::1', to: 'fd00:0::2' }).protocol, 58)
  assert.equal(ask({ from: 'fd00::1', to: 'fd00:0::2' }).destination, 'fd00::2')
  assert.equal(ask({ toPort: 443 }).protocol, 6)
  assert.equal(ask({ fromPort: 443 }).isAnyProtocol, true)
})

test('what is told: by number, in small letters', () => {
  const said = { protocol: 'udp', dscp: 'ef', server: 'EU.Crm.example', segment: 'office' } as const
  const { protocol, dscp, server, segment, isAnyProtocol } = ask({ ...said, toPort: 443 })
  assert.deepEqual([protocol, dscp, server, segment], [17, 46, 'eu.crm.example', 'office'])
  assert.equal(isAnyProtocol, false)
  assert.equal(ask({ protocol: 47 }).protocol, 47)
})

test('rules can be asked about what names its protocol, and its port if it has one', () => {
  assert.equal(isExact(ask({})), false)
  assert.equal(isExact(ask({ protocol: 'icmp' })), true)
  assert.equal(isExact(ask({ protocol: 'tcp' })), false)
  assert.equal(isExact(ask({ protocol: 'tcp', toPort: 443 })), true)
})

test('what cannot be is refused, with the field', () => {
  refuses({ from: '10.1.0.010' }, '/from')
  refuses({ from: '127.0.0.1' }, '/from')
  refuses({ to: 'fe80::1' }, '/to')
  refuses({ to: 'fd00::1' }, '/to')
  refuses({ protocol: 'icmp', fromPort: 7 }, '/fromPort')
  refuses({ protocol: 50, toPort: 7 }, '/toPort')
  refuses({ segment: 'offices' }, '/segment')
})
