/** device.yaml when the disk fails in the middle of a confirm, and when somebody else writes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { CutDisk } from '../../accept/whole/power-cut/disk.ts'
import { boot, openLife, textOf } from '../../accept/whole/power-cut/life.ts'

const root = '/box'
const { config, configFolder } = placesOf('cut', root)
const candidate = `${configFolder}/candidate.yaml`

/** A disk that can be told to fail when device.yaml is replaced, after it was: nobody knows what it holds. */
class FailingDisk extends CutDisk {
  isFailing = false
  isUnreadable = false
  /** candidate.yaml cannot be removed. */
  isKeeping = false
  /** Once an entry of the history has got its name. */
  onEntry = (): void => {}

  override async rename(from: string, to: string): Promise<void> {
    await super.rename(from, to)
    if (to === config && this.isFailing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    if (/\d{8}\.yaml$/.test(to)) this.onEntry()
  }

  override async read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    if (path === config && this.isUnreadable) {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    }
    return super.read(path, maxBytes)
  }

  override async remove(path: string): Promise<void> {
    const isMeant = path === config ? this.isFailing : path === candidate && this.isKeeping
    if (isMeant) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    await super.remove(path)
  }
}

const contentOf = async (disk: CutDisk, path = config): Promise<string | null> => {
  const bytes = await disk.read(path, 1_000_000)
  return bytes === null ? null : Buffer.from(bytes).toString('utf8')
}

/** Revision 1 runs, 2 waits; its confirm fails, and so does every write of device.yaml, which holds 2 by then. */
async function failedConfirm(): Promise<{ disk: FailingDisk; life: ReturnType<typeof openLife> }> {
  const disk = new FailingDisk({ random: () => 0 })
  disk.put(config, textOf(1))
  const life = openLife(disk, root)
  await boot(life)
  await life.changes.apply(textOf(2), 60)
  disk.isFailing = true
  await assert.rejects(life.changes.confirm(), { code: 'STORE_WRITE_FAILED' })
  assert.equal(await contentOf(disk), textOf(2))
  return { disk, life }
}

test('a change that was taken back does not run at the next boot, though device.yaml could not be restored', async () => {
  const { disk, life } = await failedConfirm()
  disk.rename = () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }))
  await life.changes.rollback()
  assert.equal(await contentOf(disk), textOf(2))

  // The disk still refuses: what ran before runs, and it is said why device.yaml does not.
  const refused = await boot(openLife(disk, root))
  assert.equal(refused.text, textOf(1))
  assert.equal(refused.source, 'last-good')
  assert.deepEqual(
    refused.refusals.map(({ code }) => code),
    ['CONFIG_UNCONFIRMED'],
  )
  // It does not any more.
  const healed = disk.copy({ random: () => 0 })
  const running = await boot(openLife(healed, root))
  assert.deepEqual([running.text, running.source, running.refusals], [textOf(1), 'file', []])
  assert.equal(await contentOf(healed), textOf(1))
  assert.equal(await contentOf(healed, candidate), null)
  // Who wants it after all may write it: it is an edit like any other.
  healed.put(config, textOf(2))
  assert.equal((await boot(openLife(healed, root))).text, textOf(2))
})

test('nor does a gateway that is killed before it could take it back, or told to reload', async () => {
  const { disk } = await failedConfirm()
  const running = await boot(openLife(disk.copy({ random: () => 0 }), root))
  assert.deepEqual([running.text, running.source], [textOf(1), 'file'])

  const { disk: another, life } = await failedConfirm()
  const { rename } = another
  another.rename = () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }))
  await life.changes.rollback()
  another.rename = rename
  another.isFailing = false
  life.source.reload()
  assert.deepEqual([(await boot(life)).text, await contentOf(another)], [textOf(1), textOf(1)])
})

test('once the disk works again, the next change puts device.yaml back and goes its way', async () => {
  const { disk, life } = await failedConfirm()
  const { rename } = disk
  disk.rename = () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }))
  await life.changes.rollback()
  disk.rename = rename
  disk.isFailing = false
  await life.changes.apply(textOf(3), 60)
  assert.equal(await contentOf(disk), textOf(1))
  await life.changes.confirm()
  assert.equal(await contentOf(disk), textOf(3))
})

test('the very first configuration, when it could not be written, leaves nothing behind', async () => {
  const disk = new FailingDisk({ random: () => 0 })
  const life = openLife(disk, root)
  await boot(life)
  disk.isFailing = true
  await assert.rejects(life.changes.apply(textOf(1), 0), { code: 'STORE_WRITE_FAILED' })
  assert.equal(await contentOf(disk), textOf(1))
  const healed = disk.copy({ random: () => 0 })
  const again = openLife(healed, root)
  assert.equal((await boot(again)).config, null)
  assert.equal(await contentOf(healed), null)
  await again.changes.apply(textOf(1), 0)
  assert.equal(await contentOf(healed), textOf(1))
})

test('a device.yaml that was refused is not overwritten, but mended or removed by whoever wrote it', async () => {
  const disk = new FailingDisk({ random: () => 0 })
  disk.put(config, textOf(1))
  const life = openLife(disk, root)
  await boot(life)
  for (const isUnreadable of [true, false]) {
    disk.put(config, 'mistyped: [')
    disk.isUnreadable = isUnreadable
    life.source.reload()
    assert.equal((await boot(life)).text, textOf(1))
    await assert.rejects(life.changes.apply(textOf(2), 60), { code: 'CONFIG_CONFLICT' })
    disk.isUnreadable = false
    assert.equal(await contentOf(disk), 'mistyped: [')
  }
  // The same at boot.
  const again = openLife(disk, root)
  await boot(again)
  await assert.rejects(again.changes.apply(textOf(2), 0), { code: 'CONFIG_CONFLICT' })
  await disk.remove(config)
  await again.changes.apply(textOf(2), 60)
  // Written while the change waits, on a box without one.
  disk.put(config, 'mistyped: [')
  await assert.rejects(again.changes.confirm(), { code: 'CONFIG_CONFLICT' })
  await disk.remove(config)
  await again.changes.confirm()
  assert.equal(await contentOf(disk), textOf(2))
})

test('an edit that comes in the middle of a confirm is not lost either', async () => {
  const disk = new FailingDisk({ random: () => 0 })
  disk.put(config, textOf(1))
  const life = openLife(disk, root)
  await boot(life)
  await life.changes.apply(textOf(2), 60)
  disk.onEntry = () => disk.put(config, textOf(9, 'by hand'))
  await assert.rejects(life.changes.confirm(), { code: 'CONFIG_CONFLICT' })
  assert.equal(await contentOf(disk), textOf(9, 'by hand'))
  assert.deepEqual(
    life.source.entries.map(({ revision }) => revision),
    [1],
  )
  await life.changes.rollback()
  assert.equal(await contentOf(disk), textOf(9, 'by hand'))
})

test('what a change was trying when the gateway was stopped runs once its author writes it by hand', async () => {
  for (const isConfirmed of [false, true]) {
    const disk = new FailingDisk({ random: () => 0 })
    disk.put(config, textOf(1))
    const life = openLife(disk, root)
    await boot(life)
    await life.changes.apply(textOf(2), 60)
    if (isConfirmed) {
      // In vain: somebody writes at that moment, and puts it back.
      disk.onEntry = () => disk.put(config, textOf(9, 'by hand'))
      await assert.rejects(life.changes.confirm(), { code: 'CONFIG_CONFLICT' })
      disk.onEntry = () => {}
    }
    life.changes[Symbol.dispose]()
    disk.put(config, textOf(2))
    const again = openLife(disk, root)
    const { text, source } = await boot(again)
    assert.deepEqual([text, source, await contentOf(disk)], [textOf(2), 'file', textOf(2)])
    assert.equal(again.source.entries[0]?.text, text)
    assert.equal(await contentOf(disk, candidate), null)
  }
})

test('a candidate that could not be removed after its confirm stands in no way of what comes later', async () => {
  for (const edits of [
    [3, 2],
    [3, 2, 3],
  ]) {
    const disk = new FailingDisk({ random: () => 0 })
    disk.put(config, textOf(1))
    const life = openLife(disk, root)
    await boot(life)
    disk.isKeeping = true
    await life.changes.apply(textOf(2), 0)
    assert.notEqual(await contentOf(disk, candidate), null)
    for (const revision of edits.slice(0, -1)) {
      disk.put(config, textOf(revision))
      life.source.reload()
      await boot(life)
    }
    disk.isKeeping = false
    disk.put(config, textOf(edits.at(-1)!))
    const again = openLife(disk, root)
    const { text, source } = await boot(again)
    assert.deepEqual([text, source], [textOf(edits.at(-1)!), 'file'])
    assert.equal(await contentOf(disk), text)
    assert.deepEqual(
      again.source.entries.map(({ revision }) => revision),
      [...edits.toReversed(), 2, 1],
    )
  }
})

test('a device.yaml in doubt that becomes unreadable is not taken for what was tried', async () => {
  const { disk, life } = await failedConfirm()
  const { rename } = disk
  disk.rename = (from, to) => {
    if (to !== config) return rename.call(disk, from, to)
    disk.isUnreadable = true
    return Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }))
  }
  await life.changes.rollback()
  disk.isUnreadable = false
  await assert.rejects(life.changes.apply(textOf(3), 60), { code: 'CONFIG_CONFLICT' })
  assert.equal(life.changes.pending, null)
})
