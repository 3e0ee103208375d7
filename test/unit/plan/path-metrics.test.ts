/** What makes metrics of paths tell them apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathFamilies } from '../../../firmware/plan/path-metrics.ts'
import { namePaths } from '../../../firmware/plan/path-status.ts'
import { noRates } from '../../../firmware/plan/rates.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from './sample-path.ts'

test('no two paths of a peer have the same labels, however they came to be', () => {
  const addresses = ['198.51.100.7', '2001:db8::7', '198.51.100.8']
  const paths = addresses.flatMap((remoteAddress, at) =>
    [false, true].flatMap((isLearned) =>
      [0, 1].map((uplink) =>
        samplePath({ remoteAddress, isLearned, uplink, remoteUplink: at % 2, number: at }),
      ),
    ),
  )
  const named = namePaths(sampleConfig(), reading(paths), noRates)
  const samples = pathFamilies({ site: 'berlin' }, named)
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('causeway_'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
  assert.ok(samples.length > 100)
  assert.equal(new Set(samples).size, samples.length)
})
