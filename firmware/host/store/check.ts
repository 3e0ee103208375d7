/** What every store refuses before it looks: what is too large, and keys that cannot be ordered. */
import { CausewayError } from '../../model/errors.ts'
import {
  type Commit,
  mostChanges,
  mostCommitBytes,
  mostKeyBytes,
  mostPage,
  mostValueBytes,
  type Range,
} from './store.ts'

/** @returns its bytes @throws STORE_LIMIT; a key that is changed twice is the programmer's fault */
export function checkCommit({ conditions, changes }: Commit): number {
  if (changes.length + conditions.length > mostChanges) {
    throw tooMuch(`a commit has at most ${mostChanges} changes and conditions`)
  }
  let total = 0
  const changed = new Set<string>()
  for (const { key, value } of changes) {
    checkKey(key)
    if (changed.has(key)) throw new TypeError(`${key} is changed twice`)
    changed.add(key)
    const bytes = value === null ? 0 : Buffer.byteLength(value)
    if (bytes > mostValueBytes) throw tooMuch(`a value has at most ${mostValueBytes} bytes`, key)
    total += bytes + Buffer.byteLength(key)
  }
  for (const { key } of conditions) checkKey(key)
  if (total > mostCommitBytes) throw tooMuch(`a commit has at most ${mostCommitBytes} bytes`)
  return total
}

/** @returns how many entries a page of it has @throws STORE_LIMIT */
export function pageLimit({ prefix, after, limit = mostPage }: Range): number {
  checkText(prefix)
  if (after !== undefined) checkText(after)
  if (!Number.isInteger(limit) || limit < 1 || limit > mostPage) {
    throw tooMuch(`a page has 1 to ${mostPage} entries`)
  }
  return limit
}

/** @throws STORE_LIMIT */
export function checkKey(key: string): void {
  if (key === '') throw tooMuch('a key has at least one character')
  checkText(key)
}

/** Half a surrogate pair has no bytes of its own: two keys would be one. */
function checkText(key: string): void {
  if (Buffer.byteLength(key) > mostKeyBytes) {
    throw tooMuch(`a key has at most ${mostKeyBytes} bytes`, key.slice(0, mostKeyBytes))
  }
  if (!key.isWellFormed()) throw tooMuch('a key is well-formed Unicode')
}

function tooMuch(message: string, path?: string): CausewayError {
  return new CausewayError('STORE_LIMIT', message, path === undefined ? {} : { path })
}
