/** Lists of Debian packages and their locks: what is none is refused with its line, and those of the image fit each other. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatLock,
  type Lock,
  lockPath,
  parseList,
  parseLock,
  purposes,
} from '../../../build/image/package-list.ts'
import { targetNames, targetOf } from '../../../build/image/target.ts'

const root = join(import.meta.dirname, '../../..')
const x86 = targetOf('x86_64')!
const sha256 = 'ab'.repeat(32)
const line = `root bash 5.2-2+b5 amd64 ${sha256} debian/pool/main/b/bash/bash_5.2-2+b5_amd64.deb`

test('a list has names, for all machines or for one, and says why', () => {
  const text = '# why\nsystemd udev  # more\nx86_64: libipsec-mb2\narm64: libdpdk-dev:arm64\n\n'
  assert.deepEqual(parseList(text, x86), ['systemd', 'udev', 'libipsec-mb2'])
  assert.deepEqual(parseList(text, targetOf('arm64')!), ['systemd', 'udev', 'libdpdk-dev:arm64'])
  assert.throws(() => parseList('mips: systemd\n', x86), /no machine 'mips'/)
  assert.throws(() => parseList('systemd Udev\n', x86), /'Udev' names no package/)
  assert.throws(() => parseList('--allow-unauthenticated\n', x86), /names no package/)
})

test('a lock is read whole or refused, with the line that is none', () => {
  assert.equal(parseLock(`epoch 7\n${line}\n`).packages[0]?.name, 'bash')
  for (const wrong of [
    line.replace('root', 'roots'),
    line.replace(sha256, sha256.slice(1)),
    line.replace('debian/pool', '../debian/pool'),
    line.replace('pool/main', 'pool/../../etc'),
    line.replace('debian/', 'http://mirror.example/'),
    `${line} more`,
    line.split(' ').slice(0, 5).join(' '),
  ]) {
    assert.throws(() => parseLock(`epoch 7\n${wrong}\n`), /no line of a lock/, wrong)
  }
  for (const head of ['', 'epoch\n', 'epoch -1\n', 'epoch 1e9\n', line]) {
    assert.throws(() => parseLock(head), /no head of a lock/, head)
  }
})

test('whatever bytes a lock has, it is read or refused; what is read is written the same', () => {
  const text = fc
    .tuple(fc.constantFrom('epoch 7\n', ''), fc.array(fc.constantFrom(...line, '\n', '/', '\0')))
    .map(([head, rest]) => head + rest.join(''))
  fc.assert(
    fc.property(text, (bytes) => {
      let lock: Lock
      try {
        lock = parseLock(bytes)
      } catch (error) {
        assert.match((error as Error).message, /^no (head|line) of a lock/)
        return
      }
      assert.deepEqual(parseLock(formatLock(lock)), lock)
    }),
  )
})

test('each name of the image’s lists is in its lock, once for each architecture', () => {
  for (const name of targetNames) {
    const target = targetOf(name)!
    const { packages } = parseLock(readFileSync(lockPath(root, target), 'utf8'))
    for (const purpose of purposes) {
      const list = readFileSync(join(root, `image/packages/${purpose}.txt`), 'utf8')
      const locked = packages.filter((one) => one.purpose === purpose)
      const names = new Set(locked.map((one) => one.name))
      const missing = parseList(list, target).filter((wish) => !names.has(wish.replace(/:.*/, '')))
      assert.deepEqual(missing, [], `${name}, ${purpose}`)
      const keys = locked.map((one) => `${one.name}:${one.architecture}`)
      assert.equal(new Set(keys).size, keys.length, `${name}, ${purpose}`)
    }
  }
})
