/** By which names a box may be asked, and from which pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCrossSite, isOwnHost, ownNames } from '../../../firmware/gateway/api/origin.ts'

const names = ownNames(['10.1.0.1', 'fd00:0::1'], 'Berlin', 'corp.example')

test('its addresses, its site and causeway are names of the box, and no domain of a stranger', () => {
  for (const host of [
    ...['10.1.0.1', '10.1.0.1:443', '[fd00::1]', '[FD00:0:0::1]:443', 'berlin', 'BERLIN.local'],
    ...['causeway', 'causeway.local', 'berlin.corp.example', 'causeway.corp.example'],
  ]) {
    assert.ok(isOwnHost(host, names, 443), host)
  }
  for (const host of [
    ...['evil.example', '10.1.0.1.evil.example', 'berlin.evil.example', '10.1.0.2', 'localhost'],
    ...['10.1.0.1:80', '10.1.0.1:8443', '[fd00::2]', '[::ffff:10.1.0.1]x', '', 'corp.example'],
    ...['10.1.0.1@evil.example', '10.1.0.1/', ' 10.1.0.1', '[10.1.0.1', '167837697', '0xa010001'],
    undefined,
  ]) {
    assert.ok(!isOwnHost(host, names, 443), String(host))
  }
})

test('what another page asks is seen by its origin or by what the browser says of it', () => {
  const host = '10.1.0.1'
  const own = { host, origin: 'https://10.1.0.1', 'sec-fetch-site': 'same-origin' }
  assert.ok(!isCrossSite(own, true))
  assert.ok(!isCrossSite({ host }, true), 'no browser')
  for (const origin of ['http://10.1.0.1', 'https://10.1.0.1:8443', 'https://evil.example', 'null'])
    assert.ok(isCrossSite({ host, origin }, true), origin)
  for (const site of ['cross-site', 'same-site', 'none', 'new-word'])
    assert.ok(isCrossSite({ host, 'sec-fetch-site': site }, true), site)
  assert.ok(!isCrossSite({ host, 'sec-fetch-site': 'none' }, false), 'typed by somebody')
  assert.ok(isCrossSite({ host, 'sec-fetch-site': 'cross-site' }, false))
})
