/** What a person gets to know about a running lab: commands to be pasted into another shell, and where things are. */
import { hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { align } from './table.ts'

/** Commands first, each whole in its line; then what runs where. Call once the lab has started. */
export function lookIn(lab: Lab): string {
  const { names } = lab
  const [first, second] = lab.sites.map(({ name }) => name)
  const host = `ip netns exec ${names.host(first!)}`
  const instance = names.instance(first!)
  const place = names.instance('SITE')
  const commands = [
    [`${host} ping ${hostAddress(lab, second!)}`, `from a host in ${first} to one in ${second}`],
    [`${host} ping ${hostAddress(lab, second!, 6)}`, 'over IPv6'],
    [
      `ip netns exec ${names.host(first!, 'cameras')} ping ${hostAddress(lab, `${second!}-cameras`)}`,
      'in the other segment',
    ],
    [
      `${host} curl -o /dev/null 'http://${hostAddress(lab, second!)}:8080/file?bytes=100000000'`,
      'a file',
    ],
    [`ip netns exec ${names.box(first!)} ip addr`, 'in a box itself'],
    [`ip netns exec ${names.internet} tcpdump -n -i ${first}`, 'on the WAN, where all is sealed'],
    [`build/causeway status --instance ${instance}`, 'or paths, sessions, drops, denials, explain'],
  ]
  const rows = lab.sites.map(({ name }) => {
    const { gateway, datapath } = lab.processes.get(name)!
    return [`  ${name}`, names.box(name), String(gateway.pid), String(datapath.pid)]
  })
  return [
    'look in from another shell, as root:',
    ...commands.map(([command, about]) => `  ${command}  # ${about}`),
    '',
    align([['  site', 'namespace', 'gateway pid', 'datapath pid'], ...rows], [0, 1]),
    `  config  /etc/causeway/${place}/device.yaml`,
    `  socket  /run/causeway/${place}/api.sock`,
    `  logs    ${lab.logFile('SITE', 'gateway')}, ${lab.logFile('SITE', 'datapath')}`,
  ].join('\n')
}
