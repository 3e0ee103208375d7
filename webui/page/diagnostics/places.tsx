/** Where a test or a recording may be: the names of this box, as a choice. What is chosen is `uplink wan0`. */
import type { PlacesAnswer } from '../../../firmware/model/local-api-diagnose.ts'
import { useAnswer } from '../../live/answer.ts'
import { diagnosticsText as text } from '../../text/en-diagnostics.ts'

const nobody: PlacesAnswer = { uplinks: [], lans: [], segments: [], peers: [] }

export function usePlaces(): PlacesAnswer {
  return useAnswer<PlacesAnswer>('/diagnose/places').value ?? nobody
}

type Kind = 'uplink' | 'lan' | 'segment' | 'peer'

const lists = { uplink: 'uplinks', lan: 'lans', segment: 'segments', peer: 'peers' } as const

/** Pairs for a SelectField. */
export function placeOptions(
  places: PlacesAnswer,
  kinds: readonly Kind[],
): (readonly [value: string, label: string])[] {
  return kinds.flatMap((kind) =>
    places[lists[kind]].map((name) => [`${kind} ${name}`, `${text.groups[kind]} ${name}`] as const),
  )
}

/** As the box is asked: `{ uplink: 'wan0' }`; empty: nothing is chosen. */
export function placeOf(chosen: string): Record<string, string> {
  const [kind = '', name] = chosen.split(' ')
  return name === undefined ? {} : { [kind]: name }
}
