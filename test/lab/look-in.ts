/** What a person gets to know about a running lab: commands to be pasted into another shell, and where things are. */
import { controllerFolder } from './controller-place.ts'
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
    [`build/causeway status --instance ${instance}`, 'or health, sessions, drops, denials, events'],
    ...commandsOfPaths(lab, first!, second!),
    ...commandsOfFleet(lab, instance),
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
    `  logs    ${lab.logFile('SITE', 'gateway')}, ${lab.logFile('SITE', 'datapath')}${logOfController(lab)}`,
  ].join('\n')
}

function logOfController(lab: Lab): string {
  const file =
    lab.description.controller === undefined ? null : lab.logFile('internet', 'controller')
  return file === null ? '' : `, ${file}`
}

/** Where the boxes have a controller. */
function commandsOfFleet({ names, description }: Lab, instance: string): string[][] {
  if (description.controller === undefined) return []
  const folder = controllerFolder(names)
  const ctl = `ip netns exec ${names.controller} env XDG_CONFIG_HOME=${folder}/xdg build/causeway ctl --tenant lab`
  return [
    [
      `build/causeway enrol --instance ${instance}`,
      'whose the box is, and its link to the controller',
    ],
    [`${ctl} edges`, 'all boxes, from the controller; or audit, ipam, get site'],
    [
      `${ctl} plan -f ${folder}/fleet`,
      'after an edit of a document there: what apply would change',
    ],
  ]
}

/** Where the first site has several uplinks. */
function commandsOfPaths(lab: Lab, site: string, peer: string): string[][] {
  const { names } = lab
  const { wans } = lab.sites.find(({ name }) => name === site)!
  if (wans.length < 2) return []
  const [first, second] = wans.map(({ name }) => name)
  const instance = names.instance(site)
  const ends = `${hostAddress(lab, site)} ${hostAddress(lab, peer)}:5004 udp`
  return [
    [
      `build/causeway paths --instance ${instance}`,
      `by ${first} and ${second}, and how good each is`,
    ],
    [
      `build/causeway explain ${ends} --dscp ef --instance ${instance}`,
      'a call: which way, and why',
    ],
    [cutCommand(lab, site).join(' '), `cuts ${first} behind its next hop: see ${second} take over`],
    [
      mendCommand(lab, site).join(' '),
      'mends it: flows are back half a minute later, the first time',
    ],
  ]
}

/** What the site's first uplink sends is lost in the internet, without a word; only the way back is whole. */
export function cutCommand(lab: Lab, site: string): string[] {
  return ruleCommand(lab, site, 'add')
}

export function mendCommand(lab: Lab, site: string): string[] {
  return ruleCommand(lab, site, 'del')
}

function ruleCommand(lab: Lab, site: string, verb: 'add' | 'del'): string[] {
  const { wan } = lab.sites.find(({ name }) => name === site)!
  return [
    'ip',
    'netns',
    'exec',
    lab.names.internet,
    'ip',
    'rule',
    verb,
    'iif',
    wan.link,
    'blackhole',
  ]
}
