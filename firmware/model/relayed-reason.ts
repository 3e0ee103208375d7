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
  unanswered:
    'nothing comes through what stands before the two: a NAT or a firewall lets it in or out at neither end',
} as const satisfies Readonly<Record<string, string>>

export type RelayedReason = keyof typeof relayedReasons
