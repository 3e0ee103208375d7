/** A box that becomes blank: what goes, what stays, and that a cut on the way changes nothing about the end. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { orderReset, resetIfOrdered } from '../../../firmware/host/system/reset.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-reset-'))
after(() => rmSync(root, { recursive: true }))

function boxOf(name: string) {
  const places = placesOf(name, root)
  const { config, wireKey, ownerRecord, signedRecord, configFolder } = places
  const going = [
    ...[config, wireKey, ownerRecord, signedRecord, join(configFolder, '00000001.yaml')],
    ...[join(places.lanCertificates, '10.1.0.1.pem'), join(places.keyFolder, 'lan.pem')],
  ]
  const staying = [places.deviceKey, places.factoryConfig, places.controllerSettings]
  for (const path of [...going, ...staying]) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'x')
  }
  return { places, going, staying }
}

test('nothing happens before it is ordered, all of the owner goes after, the device key stays', async () => {
  const { places, going, staying } = boxOf('one')
  assert.equal(await resetIfOrdered(places), false)
  assert.ok(going.every((path) => existsSync(path)))
  await orderReset(places)
  await orderReset(places)
  assert.equal(await resetIfOrdered(places), true)
  assert.deepEqual(
    going.filter((path) => existsSync(path)),
    [],
  )
  assert.ok(staying.every((path) => existsSync(path)))
  assert.equal(await resetIfOrdered(places), false)
})

test('what a power cut left half done is done by the next start', async () => {
  const { places, going } = boxOf('two')
  await orderReset(places)
  // The owner went, and nothing else yet.
  rmSync(places.ownerRecord)
  assert.equal(await resetIfOrdered(places), true)
  assert.deepEqual(
    going.filter((path) => existsSync(path)),
    [],
  )
})
