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
  const [, list = ''] = /cw_dscp_class\[64\][^{]*\{(.*?)\n\}/s.exec(sourceOf('marks.c'))!
  const names = [...list.replaceAll(/\/\*.*?\*\//g, '').matchAll(/[A-Z]+/g)].map(([name]) => name)
  const native = names.map((name, dscp) => [dscp, name.toLowerCase()] as const)
  const told = trafficClasses.flatMap((name) =>
    classMarks[name].marks.map(([, dscp]) => [dscp, name] as const),
  )
  const sorted = (pairs: readonly (readonly [number, string])[]) =>
    pairs.toSorted(([one], [other]) => one - other)
  assert.equal(native.length, 64)
  assert.deepEqual(
    native.filter(([, name]) => name !== 'normal'),
    sorted(told),
  )
})

test('each class is marked outside as CONFIG.md says', () => {
  const [, list = ''] = /cw_class_dscp\[CW_CLASSES\] = \{ (.*) \};/.exec(sourceOf('marks.c'))!
  assert.deepEqual(
    list.split(', ').map(Number),
    trafficClasses.map((name) => classMarks[name].outside[1]),
  )
})
