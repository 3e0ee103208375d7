/** Why a peer is reached through a relay and not directly: a sentence for people of each reason, and what to do. */

export const relayedReasons = {
  untried: 'a direct way has not been looked for yet',
  trying: 'a direct way is being looked for',
  'no-answer': 'the peer does not answer where it could be reached',
  'no-candidates': 'no address here and none of the peer fit each other',
  blocked: 'nothing that is sent to the Internet by UDP comes back here, but from the relay',
  'both-dependent':
    'the NATs of both ends give each destination another port, so that neither end knows where to send to',
  'ports-unmet':
    'the NAT of one end gives each destination another port, the other one lets in only known ports, and probing found none',
  walled: 'UDP gets out of here to few ports alone, such as 443',
  'peer-blocked':
    'nothing that the peer sends to the Internet by UDP comes back to it, but from the relay',
  'peer-walled': 'UDP gets out of the peer to few ports alone, such as 443',
  unanswered: 'nothing gets through between the two: a NAT or a firewall on the way stops it',
} as const satisfies Readonly<Record<string, string>>

export type RelayedReason = keyof typeof relayedReasons

/** CONFIG.md has them beside the sentences. */
export const relayedRemedies: Readonly<Record<RelayedReason, string>> = {
  untried: 'Nothing: it is looked for within seconds.',
  trying:
    'Nothing: it takes some seconds, with two NATs that are hard to meet up to half a minute.',
  'no-answer':
    'See that the peer runs a version that meets through NATs, and is no box that lost its own way out. It is asked again.',
  'no-candidates':
    'Give both ends an address of one family, or let the NATs be asked: a hub with `relay`, or `overlay.stun`.',
  blocked:
    "Let UDP out to anywhere in the firewall before this box, not to the relay's ports alone.",
  'both-dependent':
    'Have one of the two NATs keep a port (endpoint-independent mapping, "full cone"), or forward UDP to `overlay.port` of one end and name that in `endpoints` of the other.',
  'ports-unmet': 'As with `both-dependent`. It is tried again: another try may meet.',
  walled: 'Let UDP out to more than these ports, or live with the relay.',
  'peer-blocked': 'As with `blocked`, at the peer: its own `status` says the same of itself.',
  'peer-walled': 'As with `walled`, at the peer: its own `status` says the same of itself.',
  unanswered:
    'Look for a firewall on the way that lets only answers in and knows of none; forward UDP to `overlay.port` of one end.',
}
