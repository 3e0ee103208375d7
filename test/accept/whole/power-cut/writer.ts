/** A process to be killed: changes the configuration under a folder again and again, and says what it has been told. */
import { writeSync } from 'node:fs'
import { systemDisk } from '../../../../firmware/host/system/disk.ts'
import { type Account, boot, keep, openLife } from './life.ts'

const [root = '', first = '2'] = process.argv.slice(2)
const say = (word: string, revision: number): void => {
  // At once and whole: what was acknowledged has been heard.
  writeSync(1, `${word} ${revision}\n`)
}
const life = openLife(systemDisk, root)
await boot(life)
const account: Account = { acknowledged: '', underWay: null, texts: new Set() }
for (let revision = Number(first); ; revision++) {
  say('try', revision)
  await keep(life, account, revision, revision % 2 === 0 ? 0 : 60)
  say('kept', revision)
}
