/** Temporary entry */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeLock, mirrorsHere } from './lock.ts'
import { formatLock, lockPath, readLock } from './package-list.ts'
import { placeHere } from './place.ts'
import { buildRoot, debianRoot } from './root.ts'
import { targetOf } from './target.ts'

const [verb, ...rest] = process.argv.slice(2)
const place = await placeHere()
if (verb === 'lock') {
  for (const name of ['x86_64', 'arm64']) {
    const target = targetOf(name)!
    const list = (p: string) => readFile(join(place.source, `image/packages/${p}.txt`), 'utf8')
    const lists = { root: await list('root'), boot: await list('boot'), build: await list('build') }
    const lock = await makeLock(target, lists, await mirrorsHere(), join(place.cache, 'apt'))
    await writeFile(lockPath(place.source, target), formatLock(lock))
    console.log(name, lock.length)
  }
} else {
  const target = targetOf(verb!)!
  const lock = await readLock(place.source, target)
  console.log(await (rest[0] === 'build' ? buildRoot : debianRoot)(place, target, lock))
}
