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

  it('are none where another port of the overlay is among them', () => {
    assert.equal(sprayPortOf({ port: 4500, ports: [443, 4756] }), 0)
    assert.equal(sprayPortOf({ port: 4500, ports: [443, 4757] }), 4501)
    assert.equal(sprayPortOf({ port: 65_535, ports: [65_279] }), 0)
  })
})
