/** The console's screen: what is said, and that any terminal can show it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsoleFacts, consoleText } from '../../../firmware/cli/console-text.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { SessionState } from '../../../firmware/model/local-api-access.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { alone } from '../gateway/sample-enrolment.ts'
import { wholeConfig } from '../model/sample-config.ts'
import { statusFacts } from '../plan/sample-status.ts'

const session: SessionState = {
  ...{ user: null, by: 'shell', csrf: null, freshSeconds: 0, idleSeconds: null },
  ...{ isFirst: false, needsSetupCode: false, mayReadStatus: true, site: 'berlin' },
}

const facts = (change: Partial<ConsoleFacts> = {}): ConsoleFacts => ({
  image: { version: '0.1.0', slot: 'A', dataNote: null },
  status: composeStatus(statusFacts()),
  config: wholeConfig() as DeviceConfig,
  enrolment: alone,
  session,
  recovery: { nic: 'enp4s0', address: '192.168.127.1/24' },
  setupCode: null,
  ...change,
})

const text = (change: Partial<ConsoleFacts> = {}): string => consoleText(facts(change)).join('\n')

test('version, slot, addresses and pages of a box that runs', () => {
  const shown = text()
  assert.match(shown, /^Causeway 0\.1\.0 - site berlin - slot A\n/)
  assert.match(shown, /^Uplinks +wan0 \(enp1s0\): \w/m)
  assert.match(
    shown,
    /^LANs +lan0 \(enp2s0\): 10\.1\.0\.1\/24, fd00:1::1\/64 - page:\n? *https:\/\/10\.1\.0\.1\//m,
  )
  assert.match(
    shown,
    /^Recovery +enp4s0: 192\.168\.127\.1\/24 - page: https:\/\/192\.168\.127\.1\/$/m,
  )
  assert.match(shown, /^Owner .*serial abababab$/m)
  assert.doesNotMatch(shown, /^(Claim|Set-up|Note)/m)
})

test('the code by which a box is claimed, and that of its first password once it was asked for', () => {
  const offers = [{ controller: 'fleet.example.com:8443', code: 'ABCD-EFGH', isConfirmed: false }]
  const waiting = { ...alone, state: 'waiting', offers } as const
  assert.match(text({ enrolment: waiting }), /^Claim +ABCD-EFGH for fleet\.example\.com:8443$/m)
  const first = { ...session, isFirst: true, needsSetupCode: true }
  assert.match(text({ session: first }), /^Set-up .*type code to see it$/m)
  assert.match(text({ session: first, setupCode: 'ABCDE-FGHJK' }), /^Set-up +ABCDE-FGHJK /m)
  assert.match(text({ session: { ...first, needsSetupCode: false } }), /^Set-up .*on the page$/m)
})

test('a gateway that does not answer, and what happened to the data partition', () => {
  const image = { version: '0.1.0', slot: 'B', dataNote: 'the data partition has been repaired' }
  const none = { status: null, config: null, enrolment: null, session: null }
  const shown = text({ ...none, image })
  assert.match(shown, /^State +the gateway does not answer yet/m)
  assert.match(shown, /^Note +the data partition has been repaired$/m)
})

test('nothing but ASCII, and no line that a terminal of 80 columns would break', () => {
  const problems = Array.from(
    { length: 9 },
    (_, at) => `peer ${at} – “lost” \u001b[2J ${'far '.repeat(60)}`,
  )
  const status = { ...composeStatus(statusFacts()), health: 'the box’s uplink … is down', problems }
  const lines = consoleText(facts({ status }))
  for (const line of lines) assert.match(line, /^[ -~]{0,79}$/)
  assert.ok(lines.some((line) => line.includes("box's uplink ... is down")))
  assert.ok(lines.some((line) => line.trim() === '... and 4 more'))
})
