/**
 * Ports that come and go while the box runs: cable out, NIC set down, another MAC, NIC unplugged and plugged, twin deleted
 * by somebody. Each time all is as before soon after, without anybody's help. Needs root.
 */
import { after, before, test } from 'node:test'
import { describeSites } from './description.ts'
import { awaitReachable } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { ip } from './network.ts'
import { lookAt } from './status.ts'
import { until } from './until.ts'

let lab: Lab
let box: string
let nics: string

before(async () => {
  lab = await openLab(describeSites(2))
  await lab.start()
  box = lab.netns('berlin')
  nics = lab.netns('berlin-nics')
  await awaitReachable(lab, 'berlin', 'lisbon')
})
after(async () => await lab?.[Symbol.asyncDispose]())

/** What `ip -o link show` says of a link of the box or of its NICs; '' without it. */
async function link(where: 'berlin' | 'berlin-nics', name: string): Promise<string> {
  return (await lab.attempt(where, ['ip', '-o', 'link', 'show', 'dev', name])).stdout
}

test('the cable is pulled and put back: the twin shows it', async () => {
  await ip(lab.netns('internet'), ['link set berlin down'])
  await until('no carrier', async () => (await link('berlin', 'wan0')).includes('NO-CARRIER'))
  await ip(lab.netns('internet'), ['link set berlin up'])
  await until('carrier', async () => (await link('berlin', 'wan0')).includes('LOWER_UP'))
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('a NIC that somebody sets down is set up again', async () => {
  await ip(nics, ['link set eth1 down'])
  await until('up', async () => (await link('berlin-nics', 'eth1')).includes(',UP'))
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('a NIC gets another MAC: its twin follows', async () => {
  const mac = '02:00:5e:10:00:01'
  await ip(nics, [`link set eth1 address ${mac}`])
  await until('the MAC', async () => (await link('berlin', 'wan0')).includes(mac))
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('a twin that somebody deletes is made anew', async () => {
  await ip(box, ['link del lan0'])
  await until('a twin', async () => (await link('berlin', 'lan0')).includes('LOWER_UP'))
  await awaitReachable(lab, 'berlin', 'lisbon')
})

test('a NIC is unplugged, missed, and used again when it is back', async () => {
  await ip(nics, ['link del eth1'])
  await until('missing', async () => {
    const { status } = await lookAt(lab, 'berlin')
    return JSON.stringify(status).includes('eth1 is missing')
  })
  await ip(undefined, [
    `link add eth1 netns ${box} type veth peer name berlin netns ${lab.netns('internet')}`,
  ])
  await ip(box, ['link set eth1 up'])
  await ip(lab.netns('internet'), ['address add 198.51.100.1/30 dev berlin', 'link set berlin up'])
  await until('moved', async () => (await link('berlin-nics', 'eth1')).includes(',UP'))
  await awaitReachable(lab, 'berlin', 'lisbon')
})
