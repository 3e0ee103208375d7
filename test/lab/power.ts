/** Takes the power from a box: its processes die at once, and nothing of the firmware's is left but what lies on the disk. */
import { readFileSync, rmSync } from 'node:fs'
import type { Lab } from './lab.ts'
import { ip } from './network.ts'

/** Devices and routes of the firmware (firmware/plan). */
const ownGroup = '203'
/** What the gateway starts beside itself (host/service). */
const services: ReadonlySet<string> = new Set(['udhcpc', 'busybox', 'dnsmasq'])

export async function powerOff(lab: Lab, site: string): Promise<void> {
  const { gateway, datapath } = lab.processes.get(site)!
  await Promise.all([gateway.stop('SIGKILL'), datapath.stop('SIGKILL')])
  const { lans, wans } = lab.sites.find(({ name }) => name === site)!
  const box = lab.netns(site)
  // Services outlive the gateway; the box they do not. What a test runs in it goes on.
  const pids = await lab.exec('internet', ['ip', 'netns', 'pids', box])
  for (const pid of pids.split('\n').filter((line) => line !== '')) {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    if (services.has(name)) process.kill(Number(pid), 'SIGKILL')
  }
  await lab.exec(site, ['sysctl', '-q', '-w', 'net.ipv4.ip_forward=0'])
  await lab.exec(site, ['sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=0'])
  const twins = await lab.exec(site, ['ip', '-o', 'link', 'show', 'group', ownGroup])
  const names = [...twins.matchAll(/^\d+: ([^:@]+)[:@]/gm)].map((match) => match[1])
  await ip(
    box,
    names.map((name) => `link del ${name}`),
  )
  for (const family of ['-4', '-6']) {
    await lab.attempt(site, ['ip', family, 'route', 'flush', 'table', 'all', 'proto', ownGroup])
  }
  await lab.exec(site, ['nft', 'flush', 'ruleset'])
  for (const { nic } of [...lans, ...wans]) {
    // One that no configuration names is where it was.
    await lab.attempt('internet', [
      'ip',
      '-n',
      lab.netns(`${site}-nics`),
      'link',
      'set',
      nic,
      'netns',
      box,
    ])
    await ip(box, [`link set ${nic} up`])
  }
  await lab.exec('internet', ['ip', 'netns', 'del', lab.netns(`${site}-nics`)])
  rmSync(`/run/causeway/${lab.names.instance(site)}`, { recursive: true, force: true })
}

export async function powerOn(lab: Lab, site: string): Promise<void> {
  await Promise.all([lab.restart(site, 'gateway'), lab.restart(site, 'datapath')])
}
