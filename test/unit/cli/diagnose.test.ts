/** `causeway capture` and `bundle`: words become fields, what is no word is told, and files are kept whole and private. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../../../firmware/cli/cli.ts'
import { readCapture } from '../../../firmware/cli/diagnose.ts'
import { openBox } from '../gateway/box.ts'

const words = (text: string) => readCapture(text.split(' '))

test('words are fields, in any order', () => {
  assert.deepEqual(words('lan lan0 out.pcapng'), {
    ...{ request: { lan: 'lan0' }, file: 'out.pcapng', isFull: false },
  })
  const all = 'full port 443 tcp seconds 20 host 10.1.0.1 with 10.2.0.1 net 10.0.0.0/8'
  const ends = { host: '10.1.0.1', otherHost: '10.2.0.1', net: '10.0.0.0/8' }
  assert.deepEqual(words(`uplink wan0 o ${all}`), {
    request: { uplink: 'wan0', seconds: 20, filter: { port: 443, protocol: 'tcp', ...ends } },
    ...{ file: 'o', isFull: true },
  })
})

test('what makes no sense is told, with what was meant', () => {
  for (const [text, problem] of [
    ['wan wan0 o', /takes uplink, lan or segment first/],
    ['lan lan0', /takes a NAME and a FILE/],
    ['lan lan0 o prt 53', /knows no 'prt': did you mean 'port'\?/],
    ['lan lan0 o port', /'port' needs a value/],
    ['lan lan0 o port 0', /'port' takes 1 to 65535/],
    ['lan lan0 o seconds 61', /'seconds' takes 1 to 60/],
  ] as const)
    assert.throws(() => words(text), problem, text)
})

test('a bundle of a running box is kept, for its owner alone', async (t) => {
  const box = await openBox(t)
  await box.start()
  const folder = await mkdtemp(join(tmpdir(), 'cwcli-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'bundle.tar.gz')
  let said = ''
  const say = (text: string): void => {
    said += text
  }
  const root = box.places.runFolder.replace(/\/run\/causeway\/test$/, '')
  const argv = ['bundle', file, '--instance', 'test', '--root', root]
  const nothing = (async function* () {})()
  assert.equal(await runCli(argv, { out: say, err: say }, nothing), 0, said)
  assert.deepEqual([...(await readFile(file)).subarray(0, 2)], [0x1f, 0x8b])
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.match(said, /B: .*bundle\.tar\.gz\n$/)
})
