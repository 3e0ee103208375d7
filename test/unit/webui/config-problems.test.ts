/** Problems while somebody types: where, in which line, and of which field. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { problemsAt, problemsOf } from '../../../webui/config/problems.ts'
import { sampleConfig, wholeConfig } from '../model/sample-config.ts'

test('what the box takes has none', () => {
  assert.deepEqual(problemsOf(stringify(wholeConfig())), [])
})

test('each has its field and its line', () => {
  const config = sampleConfig()
  config.lans[0].segment = 'nowhere'
  config.uplinks[1].up = 'fast'
  delete config.segments[1].vni
  const text = stringify(config)
  const problems = problemsOf(text)
  const lines = text.split('\n')
  assert.deepEqual(
    problems.map(({ path, line }) => [path, lines[line! - 1]?.trim()]),
    [
      ['/uplinks/1/up', 'up: fast'],
      ['/segments/1/vni', '- name: cameras'],
    ],
  )
  assert.deepEqual(problemsAt(problems, '/uplinks/1').length, 1)
  assert.deepEqual(problemsAt(problems, '/uplinks/10').length, 0)
})

test('what is no YAML has one, in its line', () => {
  const [problem, ...rest] = problemsOf('site: a\nlans: [\nsegments: 3\n')
  assert.deepEqual([problem?.code, rest.length], ['CONFIG_SYNTAX', 0])
  assert.ok(problem!.line! >= 2)
})

test('aliases, however deep, neither hang nor throw', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n`
  assert.equal(problemsOf(bomb)[0]?.code, 'CONFIG_SYNTAX')
  assert.ok(problemsOf('['.repeat(5000)).length > 0)
})
