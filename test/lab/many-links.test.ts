/**
 * A lab whose sites have several uplinks: each reaches each of the other site's over its own emulated link, a private
 * network is one for itself, and two access networks of one address hide the box behind two others. Needs root.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../firmware/host/config/parse.ts'
import { bare, describeManyLinks, type WanDescription } from './description.ts'
import { awaitReachable, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { ip } from './network.ts'
import { startPace } from './pace.ts'
import { writeSiteFiles } from './site-files.ts'

/** As plain hosts with several uplinks: what is sent from an address, or by a NIC, leaves by its own gateway. */
async function setUpBoxes(lab: Lab): Promise<void> {
  for (const { name, wans } of lab.sites) {
    const commands = wans.flatMap(({ nic, address, gateway }, index) => [
      `address add ${address} dev ${nic}`,
      `route add default via ${bare(gateway)} dev ${nic} metric ${index + 1}`,
      `route add default via ${bare(gateway)} dev ${nic} table ${index + 1}`,
      `rule add from ${bare(address)} table ${index + 1}`,
    ])
    await ip(lab.netns(name), commands)
  }
}

async function reaches(lab: Lab, from: string, nic: string, to: string): Promise<boolean> {
  const argv = ['ping', '-n', '-c', '1', '-W', '1', '-I', nic, to]
  return (await lab.attempt(from, argv)).code === 0
}

function outerOf({ address, nat }: WanDescription): string {
  return bare(nat?.address ?? address)
}

test('all uplinks reach all, each by its own link; private ones are among themselves', async () => {
  const description = describeManyLinks({
    uplinks: 3,
    link: (_, number) => (number === 2 ? { isPrivate: true } : {}),
  })
  await using lab = await openLab(description)
  await setUpBoxes(lab)
  const [berlin, lisbon] = lab.sites
  for (const own of berlin!.wans) {
    for (const other of lisbon!.wans) {
      const before = (await lab.wan('berlin', own.name).read()).up.left
      const isOne = own.isPrivate === other.isPrivate
      const title = `${own.name} to ${other.name}`
      assert.equal(await reaches(lab, 'berlin', own.nic, outerOf(other)), isOne, title)
      assert.ok((await lab.wan('berlin', own.name).read()).up.left > before, title)
    }
  }
})

test('two uplinks in networks of one address, behind a NAT each', async () => {
  const description = describeManyLinks({
    uplinks: 3,
    natted: { berlin: [1, 2] },
    link: (site, number) => (site === 'berlin' && number === 2 ? { isDhcp: true } : {}),
  })
  await using lab = await openLab(description)
  const [berlin, lisbon] = lab.sites
  const [, one, two] = berlin!.wans
  assert.deepEqual([one!.address, one!.gateway], [two!.address, two!.gateway])
  await setUpBoxes(lab)
  for (const { name, nic } of [one!, two!]) {
    assert.equal(await reaches(lab, 'berlin', nic, outerOf(lisbon!.wan)), true)
    await lab.wan('berlin', name).cut('up')
    assert.equal(await reaches(lab, 'berlin', nic, outerOf(lisbon!.wan)), false)
  }
  // Nobody begins from outside.
  assert.equal(await reaches(lab, 'lisbon', 'eth1', bare(one!.address)), false)
})

test('what an admin would write of them is valid', async () => {
  const description = describeManyLinks({
    uplinks: 3,
    isV6: true,
    endpoints: [4, 6],
    natted: { lisbon: [2] },
    link: (_, number) => (number === 1 ? { isDhcp: true, more: { up: '20M' } } : {}),
  })
  await using lab = await openLab(description)
  writeSiteFiles(lab.description, lab.names)
  const path = `/etc/causeway/${lab.names.instance('berlin')}/device.yaml`
  const { config, errors } = parseDeviceConfig(readFileSync(path, 'utf8'))
  assert.deepEqual(errors, [])
  const uplinks = config!.uplinks.map(({ name, address }) => [name, address])
  assert.deepEqual(uplinks[0], ['wan0', ['198.51.100.2/30', '2001:db8:1::2/64']])
  assert.deepEqual(uplinks[1], ['wan1', 'dhcp'])
  assert.deepEqual(config!.peers[0]!.endpoints, [
    '203.0.113.2:51820',
    '[2001:db8:2::2]:51820',
    '203.0.113.6:51820',
    '[2001:db8:2:1::2]:51820',
  ])
})

test('the overlay runs over two uplinks, and a cut is seen where it was made', async () => {
  await using lab = await openLab(
    describeManyLinks({
      uplinks: 2,
      link: (site, number) => ({ isDhcp: site === 'berlin' && number === 1 }),
    }),
  )
  await lab.start()
  await startServers(lab)
  await awaitReachable(lab, 'berlin', 'lisbon')
  const to = hostAddress(lab, 'lisbon')
  await using flows = await startPace(lab, 'berlin-host', 'lisbon-host', to, { ratePps: 1000 })
  await flows.heard()
  const links = ['wan0', 'wan1'].map((name) => lab.wan('berlin', name))
  await Promise.all(links.map((link) => link.cut()))
  await new Promise((passed) => setTimeout(passed, 200))
  await Promise.all(links.map((link) => link.mend()))
  await awaitReachable(lab, 'berlin', 'lisbon')
  const [flow] = (await flows.finish()).flows
  const [run, ...others] = flow!.lossRuns
  assert.deepEqual(others, [])
  assert.ok(run!.ms >= 190, `${run!.ms} ms`)
  for (const link of links) assert.equal((await link.read()).up.train, 0)
})
