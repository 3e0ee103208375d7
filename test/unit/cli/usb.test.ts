/** `causeway usb FOLDER`: what a stick brings is taken, each of it once, and nothing that is no regular file. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { usb } from '../../../firmware/cli/usb.ts'
import { readControllerSettings } from '../../../firmware/host/config/controller-settings.ts'
import { makeKeys, publicPem } from '../../../firmware/host/pki/p256.ts'
import { type ApplianceBox, openApplianceBox, type Said } from './appliance-box.ts'

const machine = process.arch === 'arm64' ? 'arm64' : 'x86_64'
const times = { readyMs: 500, lookMs: 20 }

interface Stick {
  readonly box: ApplianceBox
  readonly folder: string
  readonly put: (name: string, content: string) => void
  /** An update of this version under the name that it has on a stick. */
  readonly update: (version: string, name?: string) => void
  readonly plug: () => Promise<Said>
}

async function openStick(context: TestContext): Promise<Stick> {
  const box = await openApplianceBox(context)
  const folder = join(box.root, 'stick')
  mkdirSync(folder)
  return {
    ...{ box, folder },
    put: (name, content) => writeFileSync(join(folder, name), content),
    update: (version, name = `causeway-${version}-${machine}.raucb`) =>
      copyFileSync(box.bundle(version), join(folder, name)),
    plug: () => box.called((call) => usb(call, times), 'usb', folder),
  }
}

const rootPem = (): string => publicPem(makeKeys().publicKey)

test('where controllers are, and roots, are where the gateway looks; a stick without them takes them away', async (context) => {
  const { box, put, plug, folder } = await openStick(context)
  const [first, second] = [rootPem(), rootPem()]
  put('controller.yaml', 'controllers: [ctl.example.net:8443]\nproxy: 192.0.2.1:3128\n')
  put('owner.pem', first)
  put('second.pem', second)
  const said = await plug()
  assert.deepEqual(said, {
    code: 0,
    out: 'taken from the stick: 1 controllers, 2 roots\n',
    err: '',
  })
  const read = await readControllerSettings(box.places.usbSettings)
  assert.deepEqual(read?.controllers, [{ host: 'ctl.example.net', port: 8443 }])
  assert.equal(read?.roots.length, 2)
  rmSync(join(folder, 'controller.yaml'))
  await plug()
  assert.equal((await readControllerSettings(box.places.usbSettings))?.roots.length, 2)
  for (const name of ['owner.pem', 'second.pem']) rmSync(join(folder, name))
  assert.deepEqual(await plug(), { code: 0, out: '', err: '' })
  assert.equal(existsSync(box.places.usbSettings), false)
})

test('what is wrong with it is said by code, and nothing of it is taken', async (context) => {
  const { box, put, plug, folder } = await openStick(context)
  for (const [name, content, text] of [
    ['controller.yaml', 'controllers: 7\n', /^ZTP_SETTINGS_INVALID controller\.yaml takes/],
    ['controller.yaml', `x: ${'a'.repeat(20_000)}`, /longer than 16384 bytes/],
    ['root.pem', 'PEM', /root\.pem is no public half of a root/],
    [
      'root.pem',
      makeKeys().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /root\.pem is no public half/,
    ],
    ['root.pem', 'a'.repeat(2_000), /root\.pem is longer than 1024 bytes/],
  ] as const) {
    put(name, content)
    const { code, err } = await plug()
    assert.deepEqual([code, text.test(err)], [1, true], `${name}: ${err}`)
    assert.ok(!err.includes('PRIVATE'), 'no key is said again')
    assert.equal(existsSync(box.places.usbSettings), false)
    rmSync(join(folder, name))
  }
  for (const name of ['a', 'b', 'c']) put(`${name}.pem`, rootPem())
  assert.match((await plug()).err, /more than 2 roots/)
})

test('links, pipes and folders are not followed', async (context) => {
  const { box, plug, folder } = await openStick(context)
  const outside = join(box.root, 'outside.yaml')
  writeFileSync(outside, 'controllers: [evil.example.net]\n')
  const settings = join(folder, 'controller.yaml')
  symlinkSync(outside, settings)
  symlinkSync(box.bundle('0.9.0'), join(folder, `causeway-0.9.0-${machine}.raucb`))
  execFileSync('mkfifo', [
    join(folder, `causeway-0.8.0-${machine}.raucb`),
    join(folder, 'root.pem'),
  ])
  mkdirSync(join(folder, `causeway-0.7.0-${machine}.raucb`))
  assert.deepEqual(await plug(), { code: 0, out: '', err: '' })
  assert.equal(existsSync(box.places.usbSettings), false)
  rmSync(settings)
  linkSync(outside, settings)
  assert.match((await plug()).out, /1 controllers/, 'a regular file by another name is one')
})

test('the newest update that is newer than what runs is installed, and the machine started anew', async (context) => {
  const { box, update, plug, put } = await openStick(context)
  for (const version of ['0.1.5', '0.3.0', '0.2.9']) update(version)
  put('causeway-0.9.0-mips.raucb', 'of others')
  put('causeway-latest.raucb', 'no version')
  const { code, out } = await plug()
  assert.deepEqual([code, out], [0, 'installed from the stick: 0.3.0; the machine starts anew\n'])
  assert.deepEqual([box.restarts, box.boot().try], [['machine'], 'B'])
  assert.match((await plug()).out, /0\.3\.0, waits for the next start/)
  box.start('0.3.0')
  await box.typed('slots', 'good')
  assert.match((await plug()).out, /0\.3\.0, is no newer than what runs, 0\.3\.0/)
  assert.equal(box.restarts.length, 1)
})

test('one that failed here is not tried at each start, as long as the stick is in', async (context) => {
  const { box, update, plug } = await openStick(context)
  update('0.2.0')
  await plug()
  box.start('0.2.0')
  box.start('0.1.0')
  const { code, out } = await plug()
  assert.equal(code, 0)
  assert.match(out, /0\.2\.0, was here before: it did not start/)
  assert.deepEqual([box.restarts.length, box.boot().try], [1, ''])
})

test('one that is called what it is not does not start the machine anew, again and again', async (context) => {
  const { box, plug, folder } = await openStick(context)
  copyFileSync(box.bundle('0.2.0'), join(folder, `causeway-9.9.9-${machine}.raucb`))
  const { code, err } = await plug()
  assert.equal(code, 4)
  assert.match(err, /^UPDATE_REFUSED the file is called 9\.9\.9 and holds 0\.2\.0/)
  assert.deepEqual(box.restarts, [])
})

test('an update that is refused does not take the settings along, nor they it', async (context) => {
  const { box, put, plug, folder } = await openStick(context)
  put(`causeway-0.2.0-${machine}.raucb`, 'no update')
  put('controller.yaml', 'controllers: [ctl.example.net]\n')
  const refused = await plug()
  assert.deepEqual([refused.code, /1 controllers/.test(refused.out)], [4, true])
  assert.match(refused.err, /^UPDATE_REFUSED this file is no update/)
  assert.deepEqual(box.restarts, [])
  copyFileSync(box.bundle('0.2.0'), join(folder, `causeway-0.2.0-${machine}.raucb`))
  put('controller.yaml', '{')
  const taken = await plug()
  assert.equal(taken.code, 1)
  assert.match(taken.out, /installed from the stick: 0\.2\.0/)
})

test('a gateway that is not up yet is waited for, and not for ever', async (context) => {
  const { box, update, plug } = await openStick(context)
  update('0.2.0')
  await box.closeGateway()
  const nobody = await plug()
  assert.deepEqual([nobody.code, /^API_UNREACHABLE /.test(nobody.err)], [3, true])
  const waiting = box.called(
    (call) => usb(call, { ...times, readyMs: 60_000 }),
    'usb',
    join(box.root, 'stick'),
  )
  await box.openGateway()
  assert.equal((await waiting).code, 0)
  assert.deepEqual(box.restarts, ['machine'])
})

test('neither a folder nor a device is no stick', async (context) => {
  const { box } = await openStick(context)
  const file = join(box.root, 'file')
  writeFileSync(file, '')
  for (const path of [file, join(box.root, 'nothing'), '/dev/null']) {
    const { code, err } = await box.typed('usb', path)
    assert.deepEqual(
      [code, /^HOST_SYSTEM .* neither a folder nor a device/.test(err)],
      [1, true],
      err,
    )
  }
  assert.ok(readFileSync(file).length === 0)
})
