/** What every store keeps to, whatever it stands on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Change,
  type Happening,
  keptCommits,
  mostChanges,
  mostCommitBytes,
  mostKeyBytes,
  mostValueBytes,
  mostWaiting,
  type Store,
  type Watch,
} from '../../../../firmware/host/store/store.ts'

export type OpenStore = () => Promise<Store>

export function storeContract(name: string, open: OpenStore): void {
  const put = (store: Store, key: string, value: string | null): Promise<number> =>
    store.commit({ conditions: [], changes: [{ key, value }] })

  test(`${name}: a commit is there once it returns, under the revision that it made`, async () => {
    await using store = await open()
    assert.equal(await store.revision(), 0)
    assert.equal(await store.get('a'), null)
    assert.equal(await put(store, 'a', 'one'), 1)
    assert.equal(await put(store, 'b', ''), 2)
    assert.deepEqual(await store.get('a'), { key: 'a', value: 'one', revision: 1 })
    assert.deepEqual(await store.get('b'), { key: 'b', value: '', revision: 2 })
    assert.equal(await put(store, 'a', null), 3)
    assert.equal(await store.get('a'), null)
    assert.equal(await store.revision(), 3)
  })

  test(`${name}: of many who change a key by what they read, one succeeds, and is told apart`, async () => {
    await using store = await open()
    const attempts = Array.from({ length: 20 }, (_, index) =>
      store.commit({
        conditions: [{ key: 'leader', revision: 0 }],
        changes: [{ key: 'leader', value: String(index) }],
      }),
    )
    const results = await Promise.allSettled(attempts)
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
    assert.equal(won.length, 1)
    assert.equal((await store.get('leader'))?.value, String(won[0]))
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      assert.equal(result.reason.code, 'STORE_CONFLICT')
      assert.equal(result.reason.path, 'leader')
    }
  })

  test(`${name}: a commit with a condition that does not hold changes nothing`, async () => {
    await using store = await open()
    const revision = await put(store, 'a', '1')
    await put(store, 'b', '1')
    const broken = store.commit({
      conditions: [
        { key: 'a', revision },
        { key: 'b', revision },
      ],
      changes: [
        { key: 'a', value: '2' },
        { key: 'c', value: '2' },
      ],
    })
    await assert.rejects(broken, { code: 'STORE_CONFLICT', path: 'b' })
    assert.equal((await store.get('a'))?.value, '1')
    assert.equal(await store.get('c'), null)
    assert.equal(await store.revision(), 2)
  })

  test(`${name}: pages are in the order of the keys' bytes, and end where the prefix does`, async () => {
    await using store = await open()
    const keys = ['p/', 'p/\u{1f600}', 'p/a', 'p/a/b', 'p/b', 'p/\uffff', 'p0', 'o']
    for (const key of keys) await put(store, key, key)
    const first = await store.range({ prefix: 'p/', limit: 4 })
    assert.equal(first.hasMore, true)
    assert.equal(first.revision, keys.length)
    const rest = await store.range({ prefix: 'p/', after: first.entries.at(-1)!.key, limit: 4 })
    assert.equal(rest.hasMore, false)
    const seen = [...first.entries, ...rest.entries].map(({ key }) => key)
    assert.deepEqual(seen, ['p/', 'p/a', 'p/a/b', 'p/b', 'p/\uffff', 'p/\u{1f600}'])
  })

  test(`${name}: a watch tells each commit below its prefix once, in order, from before and from now on`, async () => {
    await using store = await open()
    await put(store, 'x/1', 'a')
    await put(store, 'y/1', 'a')
    await put(store, 'x/1', 'b')
    using watch = store.watch('x/', 1)
    await put(store, 'x/2', 'c')
    const told = take(watch, 3)
    await put(store, 'y/1', null)
    await put(store, 'x/1', null)
    assert.deepEqual(await told, [
      { revision: 3, changes: [{ key: 'x/1', value: 'b' }] },
      { revision: 4, changes: [{ key: 'x/2', value: 'c' }] },
      { revision: 6, changes: [{ key: 'x/1', value: null }] },
    ])
  })

  test(`${name}: who watches from what is no longer known, or will be, is told to read again`, async () => {
    await using store = await open()
    const all = Array.from({ length: keptCommits + 1 }, () => put(store, 'k', 'v'))
    // In portions: so many do not wait at once.
    await Promise.allSettled(all)
    for (let at = await store.revision(); at <= keptCommits + 1; at++) await put(store, 'k', 'v')
    await assert.rejects(take(store.watch('', 0), 1), { code: 'STORE_COMPACTED' })
    const ahead = (await store.revision()) + 1
    await assert.rejects(take(store.watch('', ahead), 1), { code: 'STORE_COMPACTED' })
    const [oldest] = await take(store.watch('', ahead - 1 - keptCommits), 1)
    assert.equal(oldest!.revision, ahead - keptCommits)
  })

  test(`${name}: a reader that is too slow is told to read again, and others are not held up`, async () => {
    await using store = await open()
    using slow = store.watch('', 0)
    for (let at = 0; at <= mostWaiting; at++) await put(store, 'k', String(at))
    await assert.rejects(take(slow, mostWaiting + 1), { code: 'STORE_COMPACTED' })
  })

  test(`${name}: what is too large or malformed is refused, and named`, async () => {
    await using store = await open()
    const long = 'k'.repeat(mostKeyBytes + 1)
    await assert.rejects(put(store, long, ''), { code: 'STORE_LIMIT' })
    await assert.rejects(put(store, '', ''), { code: 'STORE_LIMIT' })
    await assert.rejects(put(store, 'half \ud800', ''), { code: 'STORE_LIMIT' })
    await assert.rejects(put(store, 'k', 'v'.repeat(mostValueBytes + 1)), {
      code: 'STORE_LIMIT',
      path: 'k',
    })
    await assert.rejects(store.range({ prefix: '', limit: 0 }), { code: 'STORE_LIMIT' })
    const ownMost = 'v'.repeat(mostValueBytes)
    const changes: Change[] = Array.from({ length: mostChanges + 1 }, (_, at) => ({
      key: `k${at}`,
      value: '',
    }))
    await assert.rejects(store.commit({ conditions: [], changes }), { code: 'STORE_LIMIT' })
    const count = mostCommitBytes / mostValueBytes
    const large = changes.slice(0, count).map(({ key }) => ({ key, value: ownMost }))
    await assert.rejects(store.commit({ conditions: [], changes: large }), { code: 'STORE_LIMIT' })
    assert.equal(await store.revision(), 0)
  })

  test(`${name}: any commits, together or one by one, leave what a plain map would have`, async () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const change = fc.record({ key, value: fc.option(fc.string(), { nil: null }) })
    const changes = fc.uniqueArray(change, { selector: (one) => one.key, minLength: 1 })
    const condition = fc.record({ key, isFresh: fc.boolean() })
    const commit = fc.record({ changes, conditions: fc.array(condition, { maxLength: 2 }) })
    const run = async (
      commits: readonly { changes: Change[]; conditions: { key: string; isFresh: boolean }[] }[],
    ) => {
      await using store = await open()
      const expected = new Map<string, { value: string; revision: number }>()
      let revision = 0
      const waits = commits.map(({ changes: of, conditions }) => {
        const asked = conditions.map(({ key: on, isFresh }) => ({
          key: on,
          revision: isFresh ? (expected.get(on)?.revision ?? 0) : 99_999,
        }))
        const holds = conditions.every(({ isFresh }) => isFresh)
        if (holds) {
          revision++
          for (const { key: at, value } of of) {
            if (value === null) expected.delete(at)
            else expected.set(at, { value, revision })
          }
        }
        return store.commit({ changes: of, conditions: asked }).then(
          (made) => assert.ok(holds && made > 0),
          (error) => assert.ok(!holds && error.code === 'STORE_CONFLICT'),
        )
      })
      await Promise.all(waits)
      assert.equal(await store.revision(), revision)
      const { entries } = await store.range({ prefix: '' })
      const found = new Map(
        entries.map(({ key: at, value, revision: of }) => [at, { value, revision: of }]),
      )
      assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()))
    }
    await fc.assert(fc.asyncProperty(fc.array(commit, { maxLength: 12 }), run), { numRuns: 60 })
  })
}

/** The next so many. */
export async function take(watch: Watch, count: number): Promise<Happening[]> {
  const taken: Happening[] = []
  for await (const happening of watch) {
    taken.push(happening)
    if (taken.length === count) break
  }
  return taken
}
