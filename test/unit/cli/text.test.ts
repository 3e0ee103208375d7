/** What the CLI says about a sound file, and about sessions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventText, sessionsText, soundText } from '../../../firmware/cli/text.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { sampleConfig } from '../model/sample-config.ts'

test('a document of an older version is said to be one', () => {
  const config = sampleConfig() as DeviceConfig
  assert.equal(soundText('f', config, null), 'f: revision 42 of berlin is sound\n')
  const older =
    'f: revision 42 of berlin is sound\nIt is of version 0 and was read as one of version 1.\n'
  assert.equal(soundText('f', config, 0), older)
})

test("this box's part in a handshake is not called like a peer's role", () => {
  const session = {
    peer: 'lisbon',
    state: 'up',
    stateSeconds: 9,
    handshakeRole: 'responder',
  } as const
  const keys = { suite: 's', uplink: 'wan0', endpoint: '198.51.100.7:51820', keypairSeconds: 8 }
  const counts = { handshakes: 1, rekeys: 0, failures: {}, lastError: null }
  const [head, row] = sessionsText({ sessions: [{ ...session, ...keys, ...counts }] }).split('\n')
  assert.match(head!, /HANDSHAKE/)
  assert.doesNotMatch(head!, /ROLE/)
  assert.equal(row!.indexOf('responder'), head!.indexOf('HANDSHAKE'))
})

test('an event says when and what, in words', () => {
  const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
  const change = { kind: 'change', revision: 4 } as const
  const reason = { code: 'CONFIG_NOT_APPLIED', message: 'could not be applied' } as const
  for (const [event, words] of [
    [{ kind: 'config', revision: 4, source: 'file' }, 'revision 4 runs, from device.yaml'],
    [{ ...change, step: 'begun' }, 'revision 4 is being applied'],
    [
      { ...change, step: 'in-place', remainingSeconds: 58 },
      'revision 4 is in place: taken back in 58 s unless confirmed',
    ],
    [{ ...change, step: 'confirmed' }, 'revision 4 is confirmed'],
    [
      { ...change, step: 'taken-back', reason: { ...reason, detail: 'there is no NIC eth9' } },
      'revision 4 was taken back: could not be applied (there is no NIC eth9)',
    ],
  ] as const) {
    assert.equal(eventText(event, at), `2026-01-02 03:04:05Z  ${words}\n`)
  }
})
