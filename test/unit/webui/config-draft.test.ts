/** A draft: what it counts, what is handed in, and that it outlives the page it was made on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { beginDraft, draftOfText, draftToText, isOutdated } from '../../../webui/config/draft.ts'
import { changesOf, handedIn, withEdits } from '../../../webui/config/draft-edit.ts'
import { hunksOf, lineDiff } from '../../../webui/config/line-diff.ts'

const shown = { text: 'revision: 7 # mine\nsite: berlin\n', sha256: 'a' }

test('a change is counted by field, and gone when it is undone', () => {
  const draft = withEdits(beginDraft(shown), [{ kind: 'set', at: ['site'], value: 'bonn' }])
  assert.deepEqual(changesOf(draft), [{ path: '/site', before: 'berlin', after: 'bonn' }])
  const undone = withEdits(draft, [{ kind: 'set', at: ['site'], value: 'berlin' }])
  assert.deepEqual([changesOf(undone), draft.count, undone.count], [[], 1, 0])
  assert.equal(changesOf({ ...draft, text: '[' }), null)
})

test('it is handed in under the next revision, which is no change of its own', () => {
  const draft = withEdits(beginDraft(shown), [{ kind: 'set', at: ['site'], value: 'bonn' }])
  assert.equal(handedIn(draft, 12), 'revision: 12 # mine\nsite: bonn\n')
  assert.deepEqual(changesOf({ ...draft, text: shown.text.replace('7', '9') }), [])
})

test('it knows when something else runs by now', () => {
  const draft = beginDraft(shown)
  const other = { text: 'revision: 8\nsite: ulm\n', sha256: 'b' }
  assert.deepEqual([isOutdated(draft, shown), isOutdated(draft, other)], [false, true])
  assert.equal(isOutdated({ ...draft, revision: 8 }, other), false, 'it runs on trial itself')
})

test('it is kept as text; what is none is none', () => {
  const draft = beginDraft(shown, 3)
  assert.deepEqual(draftOfText(draftToText(draft)), draft)
  for (const stored of [null, '', '{', 'null', '7', '{"base":"a"}'])
    assert.equal(draftOfText(stored), null)
})

const someLines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 30 })

test('a diff leads from one text to the other, whatever they are', () => {
  fc.assert(
    fc.property(someLines, someLines, (one, other) => {
      const [before, after] = [one, other].map((lines) => lines.map((line) => `${line}\n`).join(''))
      const lines = lineDiff(before!, after!)
      const of = (kind: string) =>
        lines.filter((line) => line.kind !== kind).map(({ text }) => text)
      assert.deepEqual(of('new'), one)
      assert.deepEqual(of('gone'), other)
      for (const line of lines) {
        if (line.before !== null) assert.equal(one[line.before - 1], line.text)
        if (line.after !== null) assert.equal(other[line.after - 1], line.text)
      }
    }),
  )
})

test('it is the shortest, and only what is near differences is shown', () => {
  const before = Array.from({ length: 100 }, (_, index) => `line ${index}`)
  const after = before.with(10, 'other').toSpliced(80, 1)
  const lines = lineDiff(before.join('\n'), after.join('\n'))
  assert.equal(lines.filter(({ kind }) => kind !== 'same').length, 3)
  assert.deepEqual(
    hunksOf(lines).map((hunk) => hunk.length),
    [8, 7],
  )
})

test('two long texts that have nothing in common take no long time', () => {
  const many = (word: string) =>
    Array.from({ length: 20_000 }, (_, at) => `${word}${at}`).join('\n')
  assert.equal(lineDiff(many('a'), many('b')).length, 40_000)
})
