/**
 * Sessions whose uplink is taken out, loses its address or is another's number from then on, while the datapath goes on
 * by another path: what a session is does not depend on how it began. On a virtual clock, either end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timingOf } from '../../firmware/gateway/peering.ts'
import type { Uplink } from '../../firmware/gateway/sessions/session.ts'
import { addBox, agree, type Box, configure, createWorld, peerOf } from './session-world.ts'

/** What becomes of the only uplink. */
const changes: Record<string, (box: Box, other: Uplink) => readonly Uplink[]> = {
  'is taken out': () => [],
  'is replaced by another': (_, other) => [other],
}

for (const rekeySeconds of [30, 120]) {
  for (const [what, uplinksAfter] of Object.entries(changes)) {
    test(`a session lives on when its uplink ${what}, rekeyed every ${rekeySeconds} s`, async () => {
      for (const seed of [1, 2, 3, 4]) {
        const world = createWorld(seed)
        const options = { timing: timingOf(rekeySeconds), verbMs: 1 }
        const a = addBox(world, 'a', '192.0.2.1', options)
        const b = addBox(world, 'b', '198.51.100.1', options)
        const place = { address: '192.0.2.129', port: a.local.port }
        const other = { name: 'lte0', socket: world.network.bind(place) }
        const done = Promise.all([configure(a, [peerOf(b)]), configure(b, [peerOf(a)])])
        await world.clock.advance(5_000)
        await done
        a.numbers.delete('wan0')
        const changed = configure(a, a.peers, uplinksAfter(a, other))
        await world.clock.advance(6 * rekeySeconds * 1_000)
        await changed
        assert.ok(await agree(world, a, b), `seed ${seed}`)
        for (const box of [a, b]) {
          const { handshakes, rekeys, failures, ended } = box.sessions.status()[0]!
          assert.equal(handshakes, 1, `seed ${seed}: ${box.name} began anew`)
          assert.ok(rekeys >= 4, `${rekeys} rekeys`)
          assert.equal(failures.install, 0)
          assert.equal(ended, null)
        }
        for (const box of [a, b]) {
          await box.sessions[Symbol.asyncDispose]()
          box.datapath.kill('the end')
        }
      }
    })
  }
}
