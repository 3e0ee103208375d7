/** A fleet run from a shell: sign in, plan, apply, claim, look; over real TLS. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCtl } from '../../../firmware/cli/ctl.ts'
import { writeExample } from './ctl-example.ts'
import { newWorld, password, write } from './ctl-world.ts'

const tenant = 'acme'

test('from the setup token to a network with a first user and a first box', async () => {
  await using world = await newWorld('first')
  const setup = await world.setup()
  assert.equal((await setup.ctl('tenant', 'add', tenant)).code, 0)
  const made = await setup.typing(`${password}\n`, 'user', 'add', 'ada', '--role', 'admin')
  assert.deepEqual([made.code, made.err], [0, ''])
  const ada = world.stranger()
  const signIn = ['sign-in', `127.0.0.1:${world.port}`, '--fingerprint', world.fingerprint]
  const signed = await ada.typing(`ada\n${password}\n`, ...signIn)
  assert.match(signed.out, /^signed in to 127\.0\.0\.1:\d+ as ada: admin of acme\n/)
  const folder = writeExample('first-fleet')
  const applied = await ada.ctl('apply', '-f', folder, '--yes')
  assert.match(applied.err, /^warning: not read, .*first-fleet\/README\.txt\n$/)
  assert.match(applied.out, /\+ site\/berlin\n/)
  assert.match(applied.out, /\+ segment\/office\n/)
  assert.match(applied.out, /done: documents: 5 added, 0 changed, 0 removed/)
  const box = 'ab'.repeat(32)
  const claimed = await ada.ctl('claim', box, 'berlin', '--listed')
  assert.deepEqual([claimed.code, claimed.out], [0, `${box} stands at berlin\n`])
  const { edges } = JSON.parse((await ada.ctl('edges', '--json')).out) as { edges: unknown[] }
  assert.deepEqual(edges, [
    {
      ...{ deviceId: box, site: 'berlin', isUp: false, firmware: '', refusal: null },
      ...{ published: 0, runs: 0, health: null, isPlaced: true },
    },
  ])
  assert.match((await ada.ctl('edges')).out, /^berlin {2}abababab {2}away/m)
})

test('a controller whose authority nobody has confirmed is told nothing', async () => {
  await using world = await newWorld('untrusted')
  const ada = world.stranger()
  const address = `127.0.0.1:${world.port}`
  const shown = await ada.typing(`ada\n${password}\n`, 'sign-in', address)
  assert.equal(shown.code, 4)
  assert.match(shown.err, new RegExp(`ZTP_AUTHORITY_UNKNOWN .*--fingerprint ${world.fingerprint}`))
  const other = await ada.typing(
    `ada\n${password}\n`,
    ...['sign-in', address, '--fingerprint', '0'.repeat(64)],
  )
  assert.match(other.err, /ZTP_AUTHORITY_UNKNOWN this controller is of another owner/)
  assert.match((await ada.ctl('who')).err, /API_UNAUTHENTICATED not signed in/)
})

test('the account is for its owner alone, and a sign-out ends the token', async () => {
  await using world = await newWorld('account')
  const ada = await world.person('ada', '*', 'owner')
  const path = join(ada.root, 'ctl.json')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const account = readFileSync(path, 'utf8')
  assert.equal((await ada.ctl('who')).code, 0)
  assert.equal((await ada.ctl('sign-out')).out, 'signed out\n')
  assert.equal((await ada.ctl('who')).code, 4)
  writeFileSync(path, account, { mode: 0o600 })
  assert.match((await ada.ctl('who')).err, /API_UNAUTHENTICATED the token is not known/)
})

test('plan shows what would change, by document and by site, and changes nothing', async () => {
  await using world = await newWorld('plan')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('plan-fleet')
  const planned = await setup.ctl('plan', '-f', folder, '--detailed-exitcode')
  assert.equal(planned.code, 5)
  assert.match(planned.out, /documents: 5 added/)
  assert.equal((await setup.ctl('get')).out, 'there are no documents\n')
  assert.equal((await setup.ctl('apply', '-f', folder, '--yes')).code, 0)
  const again = await setup.ctl('plan', '-f', folder, '--detailed-exitcode')
  assert.deepEqual([again.code, again.out], [0, 'nothing changes\n'])
  const file = join(folder, 'sites/lisbon.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('address: dhcp }', 'address: dhcp, down: 250M }'),
  )
  const changed = await setup.ctl('plan', '-f', folder)
  assert.equal(changed.code, 0)
  assert.match(
    changed.out,
    /^Documents\n {2}~ site\/lisbon\n {6}\+ uplinks\/wan0\/down: 250M\nSites.*\n {2}~ lisbon\n/,
  )
})

test('a LAN by another name has another network, which is shown; a box that is left is named', async () => {
  await using world = await newWorld('renamed')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('renamed-fleet')
  await setup.ctl('apply', '-f', folder, '--yes')
  const box = 'cd'.repeat(32)
  await setup.ctl('claim', box, 'lisbon', '--listed')
  // It has come.
  const edge = JSON.parse((await world.store.get(`edge/${box}`))!.value)
  const value = JSON.stringify({ ...edge, wireKey: 'bm90IGEga2V5' })
  await world.store.commit({ conditions: [], changes: [{ key: `edge/${box}`, value }] })
  const file = join(folder, 'sites/lisbon.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('lan0', 'office0'))
  const renamed = await setup.ctl('plan', '-f', folder)
  assert.match(
    renamed.out,
    /! lan0 is called office0 now: 10\.16\.1\.1\/24 → 10\.16\.\d\.1\/24, another network\n/,
  )
  rmSync(file)
  const left = await setup.ctl('apply', '-f', folder, '--prune', '--yes')
  assert.match(left.out, /- lisbon: its box cdcdcdcd goes on .*: ctl release cdcdcdcd lets it go\n/)
  assert.match((await setup.ctl('edges')).out, /^lisbon {2}cdcdcdcd .*no document of its site$/m)
})

test('what is wrong with a document is told by file, line, document and field', async () => {
  await using world = await newWorld('wrong')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('wrong-fleet')
  write('wrong-fleet/sites/oslo.yaml', 'kind: site\nname: oslo\nuplinks: []\nlans: []\nlans: 3\n')
  write('wrong-fleet/sites/porto.yaml', 'kind: site\nname: porto\nuplink: []\nlans: []\n')
  const formless = await setup.ctl('plan', '-f', folder)
  assert.equal(formless.code, 4)
  assert.match(formless.err, /oslo\.yaml:5:1: CONFIG_SYNTAX 'lans' stands twice/)
  assert.match(formless.err, /porto\.yaml:3:1: CONFIG_UNKNOWN_FIELD site\/porto \/uplink: /)
  write('wrong-fleet/sites/oslo.yaml', '')
  write(
    'wrong-fleet/sites/porto.yaml',
    'kind: site\nname: porto\nuplinks: [{ name: wan0, nic: "netdev:a", address: dhcp }]\n' +
      'lans:\n  - { name: lan0, nic: "netdev:b", segment: offce }\n',
  )
  for (const verb of [['plan'], ['apply', '--yes']]) {
    const referring = await setup.ctl(...verb, '-f', folder)
    assert.equal(referring.code, 4)
    assert.match(
      referring.err,
      /porto\.yaml:5:\d+: FLEET_REFERENCE site\/porto \/lans\/0\/segment: there is no segment 'offce', did you mean office\?\n(.*\n)*refused: nothing changes\n$/,
    )
    assert.doesNotMatch(referring.out, /added/)
  }
  assert.equal((await setup.ctl('get')).out, 'there are no documents\n')
})

test('what cannot work is warned of, by file and line, and done all the same', async () => {
  await using world = await newWorld('warned')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('warned-fleet')
  write(
    'warned-fleet/policy.yaml',
    'kind: policy\nname: bulk\norder: 1\nfor: { dscp: [cs1] }\nprefer: [wan1]\n',
  )
  const warned = await setup.ctl('apply', '-f', folder, '--yes')
  assert.equal(warned.code, 0)
  assert.match(
    warned.err,
    /policy\.yaml:5:10: warning: policy\/bulk \/prefer\/0: no site has an uplink 'wan1'/,
  )
  const { warnings } = JSON.parse((await setup.ctl('plan', '-f', folder, '--json')).out)
  assert.equal(warnings.length, 1)
})

test('whoever may not apply is told before a plan is shown', async () => {
  await using world = await newWorld('may-not')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('may-not-fleet')
  const eve = await world.person('eve', tenant, 'operator')
  assert.equal((await eve.ctl('plan', '-f', folder)).code, 0)
  const { code, out, err } = await eve.ctl('apply', '-f', folder, '--yes')
  assert.deepEqual([code, out], [4, ''])
  assert.match(err, /API_FORBIDDEN needs the role admin in acme/)
})

test('links that lead out of the folder are not followed', async () => {
  await using world = await newWorld('links')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('links-fleet')
  const outside = write('outside.yaml', 'kind: pool\nname: x\nprefix: 10.0.0.0/8\nbits: 24\n')
  symlinkSync(outside, join(folder, 'sites/x.yaml'))
  const refused = await setup.ctl('plan', '-f', folder)
  assert.match(refused.err, /CONFIG_UNREADABLE cannot read .*x\.yaml \(it is a link that leads out/)
})

test('prune takes away what is not there any more, and nobody says yes by accident', async () => {
  await using world = await newWorld('prune')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('prune-fleet')
  const unasked = await setup.ctl('apply', '-f', folder)
  assert.deepEqual([unasked.code, /API_CONFIRM/.test(unasked.err)], [4, true])
  await setup.ctl('apply', '-f', folder, '--yes')
  write('prune-none/README.txt', 'no document')
  const none = await setup.ctl('plan', '-f', join(folder, '../prune-none'))
  assert.deepEqual(
    [none.code, /CONFIG_UNREADABLE there are no documents/.test(none.err)],
    [1, true],
  )
  const some = join(folder, 'network.yaml')
  assert.match((await setup.ctl('plan', '-f', some)).out, /nothing changes/)
  assert.match((await setup.ctl('plan', '-f', some, '--prune')).out, /- site\/lisbon\n/)
  assert.equal((await setup.ctl('apply', '-f', some, '--prune', '--yes')).code, 0)
  assert.doesNotMatch((await setup.ctl('get')).out, /site/)
})

test('what somebody has said yes to is done, and nothing else', async () => {
  await using world = await newWorld('seen')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  const folder = writeExample('seen-fleet')
  let shown = ''
  const output = {
    out: (text: string): void => {
      shown += text
    },
    err: (text: string): void => {
      shown += text
    },
  }
  const other = write('other.yaml', 'kind: pool\nname: more\nprefix: 10.64.0.0/12\nbits: 24\n')
  const answers = async function* () {
    // While the one thinks, another one is faster.
    assert.equal((await setup.ctl('apply', '-f', other, '--yes')).code, 0)
    assert.equal((await setup.ctl('apply', '-f', join(folder, 'network.yaml'), '--yes')).code, 0)
    yield Buffer.from('y\n')
  }
  const typed = Object.assign(answers(), { isTTY: true })
  const code = await runCtl(['apply', '-f', folder, '--root', setup.root], output, typed, {})
  assert.equal(code, 4)
  assert.match(shown, /Do it\? \[y\/N\] STORE_CONFLICT it would do something else now/)
  assert.doesNotMatch((await setup.ctl('get')).out, /lisbon/)
})

test('an export, applied again, changes nothing; and is not written over anything', async () => {
  await using world = await newWorld('export')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', tenant)
  await setup.ctl('apply', '-f', writeExample('export-fleet'), '--yes')
  const out = join(setup.root, 'out')
  assert.match((await setup.ctl('export', out)).out, /^5 documents are in /)
  const again = await setup.ctl('plan', '-f', out, '--prune')
  assert.equal(again.out, 'nothing changes\n')
  const twice = await setup.ctl('export', out)
  assert.deepEqual([twice.code, /STORE_NOT_EMPTY/.test(twice.err)], [4, true])
  const berlin = readFileSync(join(out, 'site/berlin.yaml'), 'utf8')
  assert.equal((await setup.ctl('get', 'site', 'berlin')).out, berlin)
})

test('what was typed wrongly is told in a line', async () => {
  await using world = await newWorld('typed')
  const ada = world.stranger()
  const said = async (...argv: string[]) => (await ada.ctl(...argv)).err
  assert.match(await said('aply'), /there is no 'ctl aply': did you mean 'apply'\?/)
  assert.match(await said('apply'), /-f DIR or FILE is needed/)
  assert.match(await said('edges', '--prune'), /--prune is not for ctl edges/)
  assert.match(await said('claim', 'x'), /ctl claim takes SERIAL SITE/)
  assert.match(await said('user'), /ctl user needs a word more: user add/)
  assert.equal((await ada.ctl('edges', 'x')).code, 2)
  assert.match((await ada.ctl('--help')).out, /^Usage: causeway ctl COMMAND/)
})
