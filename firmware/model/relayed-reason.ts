/** Why a peer is reached through a relay and not directly: a sentence for people of each reason. */

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
  unanswered: 'nothing gets through between the two: a NAT or a firewall on the way stops it',
} as const satisfies Readonly<Record<string, string>>

export type RelayedReason = keyof typeof relayedReasons
