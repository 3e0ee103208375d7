/** What the CLI says about a sound file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soundText } from '../../../firmware/cli/text.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { sampleConfig } from '../model/sample-config.ts'

test('a document of an older version is said to be one', () => {
  const config = sampleConfig() as DeviceConfig
  assert.equal(soundText('f', config, null), 'f: revision 42 of berlin is sound\n')
  const older =
    'f: revision 42 of berlin is sound\nIt is of version 0 and was read as one of version 1.\n'
  assert.equal(soundText('f', config, 0), older)
})
