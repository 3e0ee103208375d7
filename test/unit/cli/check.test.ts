/** `causeway check` as its user meets it: exit codes, and a line for each error. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sampleConfig } from '../model/sample-config.ts'
import { cli, cliReading, file, root } from './shell.ts'

test('check: sound is 0, refused is 4 with a line for each error, unreadable is 1', async () => {
  const good = await file('good.yaml', JSON.stringify(sampleConfig()))
  assert.deepEqual(await cli('check', good), {
    code: 0,
    out: `${good}: revision 42 of berlin is sound\n`,
    err: '',
  })
  const bad = await file('bad.yaml', JSON.stringify({ ...sampleConfig(), revision: -1, a: 1 }))
  const { code, out, err } = await cli('check', bad)
  assert.equal(code, 4)
  assert.equal(out, '')
  const column = (await readFile(bad, 'utf8')).indexOf('-1') + 1
  const [unknown, invalid, ...more] = err.split('\n')
  assert.match(unknown!, new RegExp(`^${bad}:1:\\d+: CONFIG_UNKNOWN_FIELD /a: `))
  assert.match(invalid!, new RegExp(`^${bad}:1:${column}: CONFIG_INVALID /revision: `))
  assert.deepEqual(more, [''])
  const json = await cli('check', bad, '--json')
  const { errors } = JSON.parse(json.out) as { errors: { code: string }[] }
  assert.deepEqual(
    errors.map((error) => error.code),
    ['CONFIG_UNKNOWN_FIELD', 'CONFIG_INVALID'],
  )
})

test('check: what is no file of a configuration is told by its name', async () => {
  const none = join(root, 'none')
  assert.deepEqual(await cli('check', none), {
    code: 1,
    out: '',
    err: `CONFIG_UNREADABLE cannot read ${none} (there is no such file)\n`,
  })
  assert.deepEqual(await cli('check', root), {
    code: 1,
    out: '',
    err: `CONFIG_UNREADABLE cannot read ${root} (it is a folder: name a file in it)\n`,
  })
  for (const text of ['', '# nothing yet\n']) {
    const { code, err } = await cli('check', await file('empty.yaml', text))
    assert.equal(code, 4)
    assert.match(err, /^\S+\/empty\.yaml: CONFIG_INVALID \/: is empty; it needs fields: version, /)
    assert.equal(err.split('\n').length, 2)
  }
  const large = await file('large.yaml', '#'.repeat(1024 * 1024 + 1))
  const tooLarge = 'CONFIG_TOO_LARGE a configuration has at most 1048576 bytes\n'
  assert.equal((await cli('check', large)).err, `${large}: ${tooLarge}`)
})

test('check - reads standard input', async () => {
  const sound = await cliReading(JSON.stringify(sampleConfig()), 'check', '-')
  assert.deepEqual(sound, { code: 0, out: '<stdin>: revision 42 of berlin is sound\n', err: '' })
  const { code, err } = await cliReading('site: a\nsite: b\n', 'check', '-')
  assert.equal(code, 4)
  assert.equal(
    err,
    "<stdin>:2:1: CONFIG_SYNTAX 'site' stands twice in one set of fields: keep one\n",
  )
  const large = await cliReading('#'.repeat(1024 * 1024 + 1), 'check', '-')
  assert.match(large.err, /^<stdin>: CONFIG_TOO_LARGE /)
})

test('check knows the own key: a box that peers with itself is refused', async () => {
  const { out } = await cli('key', '--instance', 'self')
  const { peers, ...rest } = sampleConfig()
  const own = { ...rest, peers: [{ ...peers[0], wireKey: out.trim() }] }
  const path = await file('self.yaml', JSON.stringify(own))
  assert.equal((await cli('check', path)).code, 0, 'not on another box')
  const { code, err } = await cli('check', path, '--instance', 'self')
  assert.equal(code, 4)
  assert.match(err, /self\.yaml:1:\d+: CONFIG_WIRE_KEY_OWN \/peers\/0\/wireKey: /)
})
