/**
 * Freshness challenges: how a responder tells a new initiation from a recording, without clock or disk.
 * challenge = MAC(R, initiator's static key ‖ source address 16 ‖ port u32 ‖ n u32). wire.md, "Freshness".
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { UdpAddress } from '../../host/udp/udp.ts'
import { equalBytes, mac } from '../../wire/blake2s.ts'
import { challengeBytes } from '../../wire/handshake.ts'
import { ipBytes } from '../../wire/ip.ts'
import { openRotatingSecret } from './rotating-secret.ts'

/** To whom a challenge is given; `used` counts the challenges that this peer used so far. */
export interface ChallengeBinding {
  readonly peerKey: Uint8Array
  readonly from: UdpAddress
  readonly used: number
}

export interface Freshness {
  challenge(binding: ChallengeBinding): Uint8Array
  /** Whether a challenge was given for this binding under the present secret or the one before. */
  holds(challenge: Uint8Array, binding: ChallengeBinding): boolean
}

export function isNoChallenge(challenge: Uint8Array): boolean {
  return challenge.length === challengeBytes && challenge.every((byte) => byte === 0)
}

export function openFreshness(
  clock: Clock,
  random: (bytes: number) => Uint8Array,
  renewMs: number,
): Freshness {
  const secret = openRotatingSecret(clock, random, renewMs)
  return {
    challenge: (binding) => compute(secret.present(), binding),
    holds: (challenge, binding) =>
      secret.valid().some((key) => equalBytes(compute(key, binding), challenge)),
  }
}

function compute(secret: Uint8Array, { peerKey, from, used }: ChallengeBinding): Uint8Array {
  const numbers = Buffer.alloc(8)
  numbers.writeUInt32BE(from.port, 0)
  numbers.writeUInt32BE(used >>> 0, 4)
  return mac(secret, peerKey, ipBytes(from.address), numbers)
}
