/** Where the ports of sprays lie, next to those that the configuration names. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sprayPortOf } from '../../../firmware/plan/overlay-port.ts'

describe('the ports from which sprays leave', () => {
  it('lie behind the port of the overlay', () => {
    assert.equal(sprayPortOf({ port: 51_820 }), 51_821)
    assert.equal(sprayPortOf({ port: 65_279, ports: [443] }), 65_280)
  })

  it('lie before it where there is no room behind', () => {
    assert.equal(sprayPortOf({ port: 65_280 }), 65_024)
    assert.equal(sprayPortOf({ port: 65_535 }), 65_279)
  })

  it('lie before it where another port of the overlay would be among them', () => {
    assert.equal(sprayPortOf({ port: 4500, ports: [443, 4756] }), 4244)
    assert.equal(sprayPortOf({ port: 4500, ports: [443, 4757] }), 4501)
  })

  it('are none where there is no room on either side', () => {
    assert.equal(sprayPortOf({ port: 4500, ports: [4300, 4756] }), 0)
    assert.equal(sprayPortOf({ port: 65_535, ports: [65_279] }), 0)
    assert.equal(sprayPortOf({ port: 1100, ports: [1200] }), 0)
  })

  it('keep off the port of STUN and those of its tests', () => {
    assert.equal(sprayPortOf({ port: 3300 }), 3044)
    assert.equal(sprayPortOf({ port: 3477 }), 3221)
    assert.equal(sprayPortOf({ port: 3479 }), 3480)
    assert.equal(sprayPortOf({ port: 60_900 }), 60_644)
    assert.equal(sprayPortOf({ port: 61_100, ports: [61_101] }), 0)
  })
})
