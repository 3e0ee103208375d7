/** What the CLI says about a sound file, and about sessions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionsText, soundText } from '../../../firmware/cli/text.ts'
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
