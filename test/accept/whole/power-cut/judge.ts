/** Looks at what a disk holds once the power is back, and says what is wrong with it, by the name of a check. */
import { placesOf } from '../../../../firmware/host/system/places.ts'
import type { CutDisk } from './disk.ts'
import { type Account, boot, keep, openLife, textOf } from './life.ts'

export const root = '/box'
export const { config } = placesOf('cut', root)

/** What went wrong, in words, under the name of a check. */
export type Wrongs = Map<string, string[]>

export const promises = {
  starts: 'starts with a configuration',
  lost: 'acknowledged ones lost',
  mixture: 'mixtures, or unacknowledged ones that run',
  history: 'broken or foreign texts in the history',
  after: 'goes on afterwards',
} as const

export function note(wrongs: Wrongs, name: string, words: string): void {
  wrongs.set(name, [...(wrongs.get(name) ?? []), words])
}

/** @param isWhole whether to look at what would be left without device.yaml, and to go on, as well */
export async function judge(
  disk: CutDisk,
  account: Account,
  wrongs: Wrongs,
  { where, isWhole }: { readonly where: string; readonly isWhole: boolean },
): Promise<void> {
  const wrong = (name: string, words: string): void => note(wrongs, name, `${where}: ${words}`)
  const isAllowed = (text: string): boolean =>
    text === account.acknowledged || text === account.underWay
  const { acknowledged } = account
  const look = (text: string, when: string): void => {
    if (isAllowed(text)) return
    const isOlder = account.texts.has(text) && revisionOf(text) < revisionOf(acknowledged)
    wrong(isOlder ? promises.lost : promises.mixture, `${when} ${firstLines(text)}`)
  }
  const life = openLife(disk, root)
  const running = await boot(life)
  if (running.config === null) return wrong(promises.starts, JSON.stringify(running.refusals[0]))
  if (running.source !== 'file') wrong(promises.mixture, 'device.yaml cannot be used')
  look(running.text, 'runs')
  for (const { text } of life.source.entries) {
    if (!account.texts.has(text)) wrong(promises.history, firstLines(text))
  }
  if (!isWhole) return
  // Should device.yaml be lost on top of it all, the history has the same.
  const poorer = disk.copy({ random: seeded(1) })
  await poorer.remove(config)
  const lastGood = await boot(openLife(poorer, root))
  if (lastGood.config === null) wrong(promises.starts, 'without device.yaml')
  else look(lastGood.text, 'last good is')
  const next = { ...account, texts: new Set<string>() }
  await keep(life, next, 900, 60).catch((error: Error) => wrong(promises.after, error.message))
  const after = await boot(openLife(disk.afterCut({ random: seeded(2) }), root))
  if (after.text !== textOf(900)) wrong(promises.after, `runs ${firstLines(after.text)}`)
}

export function revisionOf(text: string): number {
  return Number(/^revision: (\d+)/m.exec(text)?.[1] ?? 0)
}

export function firstLines(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

/** Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
