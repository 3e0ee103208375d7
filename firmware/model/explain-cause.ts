/**
 * What may become of a flow, as a code and as a sentence of each in general; plan/explain.ts finds the one that holds and says
 * it of the flow at hand. Codes are API.
 */

export interface CauseRow {
  /** Its packets are delivered, as far as this box is concerned. */
  readonly passes: boolean
  readonly meaning: string
}

const passes = (meaning: string): CauseRow => ({ passes: true, meaning })
const stops = (meaning: string): CauseRow => ({ passes: false, meaning })

export const causes = {
  forwarded: passes('Its packets go on.'),
  breakout: passes('Its packets leave to the Internet here, not by the overlay.'),
  'same-network': passes('Its two ends are in one network and need no box.'),
  'hub-carries': passes(
    'Who should carry it is not reached, or has not been for long: another peer that has the destination does.',
  ),
  relayed: passes('No direct way to the peer is known: its packets go through a relay.'),
  'relayed-sealed': passes(
    'Both ends are behind peers that have a channel through this box: what goes by it is sealed for them and not seen here.',
  ),
  'for-the-box': passes('It is for the box itself.'),
  'flow-table-full': passes(
    'The table of flows has no place for it: each packet is steered alone, and may overtake others when paths change.',
  ),

  // Where it may go is decided by the configuration.
  'unknown-source': stops("Its source's address is in no segment of this box."),
  'foreign-vni': stops('Its sender put it into a segment that it may not use.'),
  'foreign-source': stops('Its sender used an address that is not its own in that segment.'),
  'acl-denied': stops('A rule of the ACL denies it.'),
  'segment-denied': stops('It would cross from one segment into another, and no rule allows that.'),
  transit: stops('It came from one peer and is for another: this box is no way between them.'),
  'no-route': stops('Nobody here has its destination.'),
  'no-breakout': stops('Its segment has no breakout, and no peer and no LAN has its destination.'),
  'breakout-denied': stops('Its policy keeps it from the Internet here.'),

  // Whether there is a session.
  connecting: stops('A session with the peer is being made; a few packets wait for it.'),
  'session-expired': stops('There was a session with the peer, but its keys are over.'),
  'session-closed': stops('The peer ended the session.'),
  'relay-absent': stops('There is no direct way to the peer, and no relay reaches it.'),
  'peer-unreachable': stops('The peer is called and does not answer.'),
  'peer-refused': stops('The peer answers, but in a way of which no session comes.'),

  // Whether one of its paths carries packets.
  'policy-unmet': stops('Its policy is strict, and no path keeps what that demands.'),
  'uplink-dead': stops('The uplinks by which it could go are dead.'),
  'peer-down': stops('There is a session with the peer, but nothing is heard on any path.'),
  'neighbour-missing': stops('The next hop does not answer (ARP, neighbour discovery).'),
  'link-down': stops('The link by which it would leave has no carrier.'),

  // What befell its packets of late.
  'too-big': stops('Its packets are larger than the path takes, and may not be cut.'),
  replay: stops('Sealed datagrams of the peer came twice, or far too late.'),
  unauthentic: stops('Sealed datagrams of the peer were not authentic: damaged or forged.'),
  dropped: stops('Its packets were dropped: the incidents say why.'),
} as const satisfies Record<string, CauseRow>

export type Cause = keyof typeof causes
