/**
 * What can be done about each code that concerns a fleet: its documents, its boxes on their way to an owner, its links. FLEET.md is
 * made from it; the compiler sees to it that no code is missing.
 */
import type { ErrorCode } from './errors.ts'

export type FleetCode = Extract<ErrorCode, `${'FLEET' | 'ZTP' | 'LINK'}_${string}`>

/** Meaning, and what to do. */
export const fleetCodes: Readonly<Record<FleetCode, readonly [string, string]>> = {
  FLEET_NO_NETWORK: [
    'There is no document of kind `network`.',
    'Write one: without it no box is told anything.',
  ],
  FLEET_REFERENCE: [
    'A document names something that there is not, or that is something else.',
    'The message says what is missing: write its document, or mend the name.',
  ],
  FLEET_DUPLICATE: [
    'Two documents of a kind have one name, one box stands at two sites, a segment names a pool twice, or two networks of a controller have one `tenant`.',
    'Take one away, or give it another name; `cat /proc/sys/kernel/random/uuid` makes a `tenant`.',
  ],
  FLEET_TOO_MANY: [
    'There are more documents of a kind than there may be, or more boxes than can be peers: 512 sites in a mesh, 1,024 peers at a hub.',
    'Take some away; let the sites of a large mesh talk through hubs (`topology`).',
  ],
  FLEET_OVERLAP: [
    'LANs of two sites, or two pools, have the same addresses.',
    'The message says which network is free: give one of them that, or let a pool give it one.',
  ],
  FLEET_BOX_FOREIGN: [
    "A site's `edge` names a box that another tenant has.",
    'Look at the id; whose box it is has to release it before it can be claimed here.',
  ],
  FLEET_POOL_INVALID: [
    'The prefix of a pool has bits below its length, or `bits` does not fit it.',
    'Mend the pool.',
  ],
  FLEET_POOL_FULL: [
    'A pool has no network left. What LANs had that are gone is kept for them.',
    'Add a second, larger pool to the segment, or give the LAN an `address`.',
  ],
  LINK_UNREACHABLE: [
    'No controller answers there.',
    'See that it runs, and that TCP to its port is let through.',
  ],
  LINK_UNTRUSTED: [
    'Who answers is not of the owner that is trusted here: another controller, or somebody in between.',
    'Compare the fingerprint; sign in anew where the owner was made anew.',
  ],
  LINK_REFUSED: [
    'The controller does not take this box.',
    'It was released, or its certificate has ended: claim it again.',
  ],
  LINK_FLOODED: [
    'A box says more to its controller than any box has to say.',
    'Its link was ended, and it may call again; look at what runs on it.',
  ],
  LINK_SLOW: ['The other end takes nothing any more.', 'Nothing: the link is made anew.'],
  ZTP_BUSY: [
    'A thousand boxes wait to be claimed, or one box or one place asks too often.',
    'Wait: old ones are forgotten, and who asks less often is answered.',
  ],
  ZTP_CODE_WRONG: [
    'The code is not the one that the box shows.',
    'Read it again. After five wrong ones the box cannot be claimed for an hour.',
  ],
  ZTP_CODE_EXPIRED: [
    'The box shows no such code, or no longer: one is good for 15 minutes.',
    'Look at `causeway ctl waiting`, and read the code that it shows now.',
  ],
  ZTP_LOCKED: [
    'Five wrong codes were typed for this box.',
    'Wait an hour, or have an owner of all say `causeway ctl unlock SERIAL`.',
  ],
  ZTP_PROOF_INVALID: [
    'A request is not of the device that it names, or was passed on by somebody in between.',
    'Look for a proxy that opens TLS between box and controller.',
  ],
  ZTP_VOUCHER_INVALID: ['A voucher is good for an impossible time.', 'See to the clocks.'],
  ZTP_VOUCHER_EXPIRED: [
    'A voucher or a delegation has ended.',
    'A voucher is made anew by itself; a root delegates anew by `causeway ctl root delegate`.',
  ],
  ZTP_VOUCHER_REPLAYED: [
    'A voucher was made for an earlier attempt.',
    'Nothing: the box asks again. If it stays, somebody replays old answers.',
  ],
  ZTP_VOUCHER_FOREIGN: [
    'A voucher, release or delegation is for another box or owner, or the box is of another tenant.',
    'Look which controller it came from; have the other owner release the box.',
  ],
  ZTP_AUTHORITY_UNKNOWN: [
    'Nobody has said that this is the right controller, or it is another.',
    "Compare the fingerprint with the controller's log, and give it with `--fingerprint`.",
  ],
  ZTP_INTERCEPTED: [
    'The voucher names another owner than the one at the other end of the connection.',
    'Somebody is in between: look for a proxy that opens TLS.',
  ],
  ZTP_REQUEST_INVALID: ['A request of a box has a wrong form.', 'Run one version at both ends.'],
  ZTP_CODE_NEEDED: [
    'A box is claimed by the beginning of its id alone, without the code that it shows.',
    'Type its code; or give its whole id, which `causeway enrol --json` shows at the box, where it has your root.',
  ],
  ZTP_WIRE_KEY_TAKEN: [
    'A box asks for a certificate with a wire key that another box has.',
    'Two boxes are copies of one, or it pretends: `causeway reset` at the one that is wrong, so that it makes keys of its own.',
  ],
  ZTP_RELEASED: [
    'A box calls with the certificate of an owner who has released it.',
    'Nothing: it was told so. Claim it where it is wanted.',
  ],
  ZTP_SITE_TAKEN: [
    'Another box stands at that site, or its document names another one.',
    '`causeway ctl claim … --replace` releases the one that stands there; an `edge` in the document is changed there.',
  ],
  ZTP_OWNED: [
    'The box has an owner already.',
    'Have its owner release it (`causeway ctl release`), and reset it.',
  ],
  ZTP_SETTINGS_INVALID: [
    'controller.yaml, or what was typed in its place, is not what it must be.',
    'The message says what is wrong; README.md shows one.',
  ],
  ZTP_CONFIG_OLD: [
    'A configuration is older than one that the box has tried.',
    'Nothing: the controller publishes the next one above it.',
  ],
}
