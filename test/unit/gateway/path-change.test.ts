/** What happens to paths is told as it happens: in the log, and to whoever follows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathTeller } from '../../../firmware/gateway/path-change.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import type { ApiEvent } from '../../../firmware/model/local-api-event.ts'
import type { DatapathEvent } from '../../../firmware/model/program.ts'
import { sampleConfig } from '../model/sample-config.ts'

const change: DatapathEvent & { readonly kind: 'path' } = {
  kind: 'path',
  peer: 'hub-1',
  change: 'state',
  number: 4,
  uplink: 1,
  remoteUplink: 0,
  remoteAddress: '198.51.100.7',
  remotePort: 51820,
  state: 'down',
  reason: 'deaf',
}

function told(event: DatapathEvent): { lines: unknown[]; events: ApiEvent[] } {
  const lines: unknown[] = []
  const events: ApiEvent[] = []
  const note = (level: string) => (fields: LogFields, message: string) =>
    lines.push([level, message, fields])
  const log = { info: note('info'), warn: note('warn'), error: note('error') }
  const onPath = (event: ApiEvent) => events.push(event)
  const { uplinks, peers } = sampleConfig()
  pathTeller({ log, uplinks: () => uplinks, peers: () => peers, onPath })(event)
  return { lines, events }
}

const place = { peer: 'hub-1', uplink: 'lte0', remoteUplink: 0, endpoint: '198.51.100.7:51820' }
const fields = { peer: 'hub-1', uplink: 'lte0', path: 'lte0→198.51.100.7:51820' }

test('a path that went down: a warning, and an event with the reason', () => {
  const explanation = 'the far end hears nothing by it'
  assert.deepEqual(told(change), {
    lines: [['warn', 'path down', { ...fields, reason: 'deaf', detail: explanation }]],
    events: [{ kind: 'path', ...place, state: 'down', reason: 'deaf', explanation }],
  })
})

test('one that is up again, and one that is the best', () => {
  assert.deepEqual(told({ ...change, state: 'up', reason: 'well' }), {
    lines: [['info', 'path up', fields]],
    events: [{ kind: 'path', ...place, state: 'up', reason: null, explanation: null }],
  })
  assert.deepEqual(told({ ...change, state: 'up', reason: 'well', change: 'best' }), {
    lines: [['info', 'path is the best now', fields]],
    events: [{ kind: 'best-path', ...place }],
  })
})

test('other events are none of its business', () => {
  assert.deepEqual(told({ kind: 'links' }), { lines: [], events: [] })
})
