/** The chain of an audit log: each entry's text holds the hash of the text before it, so that whoever has the texts can check it. Pure. */

/** What stands before the first entry. */
export const noEntry = '0'.repeat(64)

export interface ChainHead {
  /** Of the last entry; 0: there is none. */
  readonly number: number
  /** SHA-256 of its text, in hex. */
  readonly hash: string
}

export const emptyChain: ChainHead = { number: 0, hash: noEntry }

/** @param hashOf SHA-256 in hex @returns null: the text is not the entry that follows */
export function followChain(
  { number, hash }: ChainHead,
  text: string,
  hashOf: (text: string) => string,
): ChainHead | null {
  const entry = parsed(text)
  if (entry?.number !== number + 1 || entry.previous !== hash) return null
  return { number: number + 1, hash: hashOf(text) }
}

function parsed(text: string): { readonly number?: unknown; readonly previous?: unknown } | null {
  try {
    return JSON.parse(text) as { readonly number?: unknown; readonly previous?: unknown } | null
  } catch {
    return null
  }
}
