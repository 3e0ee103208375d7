/** Why a path is not up: a sentence for people of each reason. "It" is the path. */
import type { PathReason } from './path-program.ts'

/** `no-session` the gateway adds: what the datapath knows of a path without one is history. */
export type PathFault = Exclude<PathReason, 'well'> | 'no-session'

export const pathFaults: Readonly<Record<PathFault, string>> = {
  untried: 'nobody has answered by it yet',
  silent: 'nothing is heard by it',
  unanswered: 'what is sent by it is not answered, though something is heard',
  deaf: 'the far end hears nothing by it',
  'no-relay': 'its relay forwards nothing here: the session with it, or the channel, has ended',
  'no-uplink': 'its uplink has no carrier, or no address to send from',
  'no-session': 'there is no session with the peer',
}
