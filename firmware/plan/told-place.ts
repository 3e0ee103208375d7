/**
 * Places that go by way of the owner's controller, for peers that no endpoint leads to: where this box says that it can be called,
 * and which of what is said of a peer may be. Pure. Only what everybody can call: no network of anybody's own.
 */
import { type Endpoint, parseAddress } from '../model/address.ts'
import { mostPlaces } from '../model/control-link.ts'
import { isSoundPlace, natOf, type OwnPlace } from './candidate.ts'
import { behindNat, firstOfEachFamily, isInside } from './prefix.ts'

/** Uplinks that cost nothing first. A mapping by destination is told too: its address opens a NAT that minds no ports. */
export function placesToTell({ uplinks, nats, port }: OwnPlace): Endpoint[] {
  return uplinks
    .filter(({ network }) => network !== 'private')
    .toSorted((one, other) => Number(one.isMetered) - Number(other.isMetered))
    .flatMap(({ name, addresses }) =>
      firstOfEachFamily(addresses).map((address): Endpoint => {
        return natOf(nats, name, address)?.mapped ?? { address, port }
      }),
    )
    .filter(isEverybodys)
    .slice(0, mostPlaces)
}

/** Of what is said of a peer. In one spelling. */
export function soundPlaces(theirs: readonly Endpoint[], own: OwnPlace): Endpoint[] {
  return theirs
    .slice(0, mostPlaces)
    .filter((one) => isSoundPlace(one, own) && isEverybodys(one))
    .map(({ address, port }) => ({ address, port }))
}

function isEverybodys({ address }: Endpoint): boolean {
  return parseAddress(address) !== null && !isInside(address, behindNat)
}
