/** By which names a gateway tells of uplinks that the datapath counts by number, while another program is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { samplePath } from '../plan/sample-path.ts'
import { openBox, until } from './box.ts'

test('uplinks are named by the program that runs, not by the configuration that is to run', async (t) => {
  const box = await openBox(t)
  const config = sampleConfig()
  await box.write(config)
  const path = samplePath({ uplink: 0 })
  const { peer, number, uplink, remoteUplink, remoteAddress, remotePort } = path
  const place = { peer, number, uplink, remoteUplink, remoteAddress, remotePort }
  const event = { kind: 'path', change: 'best', state: 'up', reason: 'well', ...place } as const
  box.datapath!.setPaths([path])
  const gateway = await box.start()
  await box.line('gateway ready')
  const ask = (route: string) => askApi(box.places.apiSocket, route).catch(() => '')
  const isNamed = (name: string) => async () =>
    (await ask('/api/v1/paths')).includes(`"uplink":"${name}"`) || null
  await until(isNamed('wan0'))

  box.refuseLoads(1)
  const uplinks = config.uplinks.toReversed()
  await box.write({ ...config, revision: config.revision + 1, uplinks })
  gateway.reload()
  await box.line('reconcile failed')
  const metrics = await ask('/metrics')
  assert.match(metrics, /causeway_path_bytes_total\{[^}]*uplink="wan0"/)
  assert.doesNotMatch(metrics, /causeway_path_bytes_total\{[^}]*uplink="lte0"/)
  assert.ok(await isNamed('wan0')())
  box.datapath!.tell(event)
  assert.equal((await box.line('path is the best now')).uplink, 'wan0')

  await box.line('configuration applied')
  await until(isNamed('lte0'))
  box.datapath!.tell(event)
  assert.equal((await box.line('path is the best now')).uplink, 'lte0')
})
