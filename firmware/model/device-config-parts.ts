/**
 * Takes the well-formed parts out of a document that may be wrong elsewhere, so that the rules can speak about
 * them: one slip in a file then hides no other.
 */
import { Compile } from 'typebox/schema'
import { Lan, Peer, Segment, Uplink } from './device-config.ts'
import type { ErrorCode } from './errors.ts'

/** A well-formed part of the document, and where it stands (JSON pointer). */
export interface Located<Part> {
  readonly at: string
  readonly part: Part
}

export interface Parts {
  readonly uplinks: readonly Located<Uplink>[]
  readonly segments: readonly Located<Segment>[]
  readonly lans: readonly Located<Lan>[]
  readonly peers: readonly Located<Peer>[]
  /** Whether every segment is among `segments`, so that an unknown name is indeed unknown. */
  readonly hasAllSegments: boolean
}

/** Takes note of a broken rule: code, JSON pointer, message. */
export type Refuse = (code: ErrorCode, path: string, message: string) => void

const uplink = Compile(Uplink)
const segment = Compile(Segment)
const lan = Compile(Lan)
const peer = Compile(Peer)

export function partsOf(document: unknown): Parts {
  const sections = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  const take = <Part>(
    section: string,
    validator: { Check(value: unknown): value is Part },
    limit: number,
  ): Located<Part>[] => {
    const list = sections[section]
    if (!Array.isArray(list)) return []
    return list
      .slice(0, limit)
      .map((part: unknown, index) => ({ at: `/${section}/${index}`, part }))
      .filter((located): located is Located<Part> => validator.Check(located.part))
  }
  const segments = take('segments', segment, 32)
  const all = sections.segments
  return {
    uplinks: take('uplinks', uplink, 8),
    segments,
    lans: take('lans', lan, 32),
    peers: take('peers', peer, 1024),
    hasAllSegments: Array.isArray(all) && all.length === segments.length,
  }
}
