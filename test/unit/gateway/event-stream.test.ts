/** Who follows events: so many in all, so many of one place, and nobody any longer than they may. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { openEventStream } from '../../../firmware/gateway/api/event-stream.ts'

class Out extends EventEmitter {
  destroyed = false
  writableLength = 0
  text = ''
  writeHead(): void {}
  write(text: string): void {
    this.text += text
  }
  end(): void {
    this.emit('close')
  }
}

test('sixteen of one place and sixty-four in all follow; who leaves makes room', () => {
  const serve = openEventStream(() => () => {})
  const follow = (address: string): Out => {
    const out = new Out()
    serve(out as unknown as ServerResponse, { address, isStillAllowed: () => true })
    return out
  }
  const outs = Array.from({ length: 16 }, () => follow('10.1.0.1'))
  assert.throws(() => follow('10.1.0.1'), { code: 'API_BUSY' })
  for (let place = 2; place < 5; place++) {
    for (let at = 0; at < 16; at++) outs.push(follow(`10.1.0.${place}`))
  }
  assert.equal(outs.length, 64)
  assert.throws(() => follow('10.1.0.9'), { code: 'API_BUSY' })
  outs[0]!.end()
  outs.push(follow('10.1.0.9'))
  outs[1]!.end()
  outs.push(follow('10.1.0.1'))
  for (const out of outs) out.emit('close')
})

test('who has signed out meanwhile is let go', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let isIn = true
  let isEnded = false
  const out = new Out()
  const serve = openEventStream(() => () => {
    isEnded = true
  })
  const who = { address: '10.1.0.1', isStillAllowed: () => isIn }
  serve(out as unknown as ServerResponse, who)
  t.mock.timers.tick(10_000)
  assert.match(out.text, /: here/)
  isIn = false
  t.mock.timers.tick(10_000)
  assert.ok(isEnded)
})

test('who left before they were served takes nobody’s room', () => {
  let followers = 0
  const serve = openEventStream(() => {
    followers++
    return () => {}
  })
  const who = { address: '10.1.0.1', isStillAllowed: () => true }
  for (let at = 0; at < 20; at++) {
    const gone = new Out()
    gone.destroyed = true
    serve(gone as unknown as ServerResponse, who)
  }
  assert.equal(followers, 0)
  const out = new Out()
  serve(out as unknown as ServerResponse, who)
  assert.equal(followers, 1)
  out.emit('close')
})
