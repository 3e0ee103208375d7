/** Which mark makes a packet of which class, and how a class is marked, is the same in the datapath and in what people read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { classMarks, trafficClasses } from '../../firmware/model/device-config-qos.ts'
import { projectRoot } from './source-tree.ts'

const sourceOf = (name: string): string =>
  readFileSync(join(projectRoot, 'native/dataplane/graph', name), 'utf8')

test('each mark is of the class that CONFIG.md says', () => {
  const [, body = ''] = /cw_qos_class_of_dscp\(uint8_t dscp\)\n\{(.*?)\n\}/s.exec(
    sourceOf('qos.c'),
  )!
  const native = new Map<number, string>()
  let waiting: number[] = []
  for (const [, dscp, name] of body.matchAll(/case (\d+):|return ([A-Z]+);/g)) {
    if (dscp !== undefined) waiting.push(Number(dscp))
    else {
      for (const one of waiting) native.set(one, name!.toLowerCase())
      waiting = []
    }
  }
  const told = trafficClasses.flatMap((name) =>
    classMarks[name].marks.map(([, dscp]) => [dscp, name] as const),
  )
  const sorted = (pairs: Iterable<readonly [number, string]>) =>
    [...pairs].sort(([a], [b]) => a - b)
  assert.ok(native.size > 20)
  assert.deepEqual(sorted(native), sorted(told))
})

test('each class is marked outside as CONFIG.md says', () => {
  const [, list = ''] = /cw_class_dscp\[CW_CLASSES\] = \{ (.*) \};/.exec(sourceOf('marks.c'))!
  assert.deepEqual(
    list.split(', ').map(Number),
    trafficClasses.map((name) => classMarks[name].outside[1]),
  )
})
