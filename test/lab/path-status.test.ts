/**
 * What a box says of its paths while one is cut: the event as it happens, the reason, the problem, the metric, and that all is
 * well again. Two sites with two uplinks each. Needs root.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../../firmware/cli/cli.ts'
import { askApi, followApi } from '../../firmware/host/system/api-client.ts'
import type { Status } from '../../firmware/model/local-api.ts'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { describeManyLinks } from './description.ts'
import { awaitReachable, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { startPace } from './pace.ts'
import { readMetrics } from './status.ts'
import { until } from './until.ts'

async function said(lab: Lab, site: string, ...words: string[]): Promise<string> {
  let text = ''
  const out = (more: string): void => {
    text += more
  }
  await runCli([...words, '--instance', lab.names.instance(site)], { out, err: out }, emptyInput())
  return text
}

async function* emptyInput(): AsyncGenerator<Uint8Array> {}

test('a path that is cut, and comes back, as people and monitoring see it', async () => {
  await using lab = await openLab(describeManyLinks({ uplinks: 2 }))
  await lab.start()
  await startServers(lab)
  await awaitReachable(lab, 'berlin', 'lisbon')
  const socket = `/run/causeway/${lab.names.instance('berlin')}/api.sock`
  const status = async (): Promise<Status> =>
    JSON.parse(await askApi(socket, '/api/v1/status')) as Status
  const to = hostAddress(lab, 'lisbon')
  await using flows = await startPace(lab, 'berlin-host', 'lisbon-host', to, { ratePps: 500 })
  await flows.heard()
  await until('all paths are up', async () => {
    const { isHealthy, peers } = await status()
    return isHealthy && peers[0]!.paths.up === 4
  })
  const events: ApiEvent[] = []
  // Ends with the gateway.
  void followApi(socket, '/api/v1/events', (data) =>
    events.push(JSON.parse(data) as ApiEvent),
  ).catch(() => undefined)
  await until('events are followed', async () => events.length > 0)
  const { uplink } = (await status()).peers[0]!
  const link = lab.wan('berlin', uplink!)

  const before = events.length
  await link.cut()
  // On its way there it may pass by the uplink's other path, which is found dead a moment later.
  await until('a path of the other uplink is the best', async () => {
    const since = events.slice(before)
    return since.some((event) => event.kind === 'best-path' && event.uplink !== uplink)
  })
  const downs = events.filter((event) => event.kind === 'path' && event.state === 'down')
  assert.ok(downs.length >= 1)
  const problem = await until('the problem is told', async () => {
    const { problems } = await status()
    return problems.find((text) => /paths to lisbon are down/.test(text)) ?? null
  })
  assert.match(problem, new RegExp(`^2 of 4 paths to lisbon are down: ${uplink} to `))
  const shown = await said(lab, 'berlin', 'paths')
  assert.match(
    shown,
    new RegExp(`^lisbon by ${uplink} to .*: (nothing is heard by it|the far end)`, 'm'),
  )
  const metrics = await readMetrics(lab, 'berlin')
  const cut = new RegExp(`^causeway_path_up\\{.*uplink="${uplink}"\\} 0$`, 'gm')
  assert.equal(metrics.match(cut)?.length, 2)
  assert.match(
    metrics,
    new RegExp(`^causeway_path_failures_total\\{.*uplink="${uplink}"\\} [1-9]$`, 'm'),
  )

  await link.mend()
  await until('all is well', async () => (await status()).isHealthy)
  const ups = events.filter((event) => event.kind === 'path' && event.state === 'up')
  assert.ok(ups.length >= 2)
  await flows.finish()
})
