/**
 * Spells steps as commands of iproute2, ethtool, nft and as writes to /proc. Pure: linux.ts carries them out.
 * Names and addresses come from a checked configuration or from the kernel, so none holds a blank.
 */
import {
  type NicState,
  ownMark,
  type RouteState,
  type RuleState,
  type Step,
  type SysctlState,
  type TwinState,
} from '../../model/host-state.ts'

export type Action =
  /** Lines for `ip -batch`, in a namespace ('' is the own one); removals are carried out each on its own. */
  | {
      readonly kind: 'ip'
      readonly netns: string
      readonly lines: readonly string[]
      readonly isRemoval: boolean
      /** Null where each line's address says it. */
      readonly family: 4 | 6 | null
    }
  | { readonly kind: 'command'; readonly netns: string; readonly argv: readonly string[] }
  /** A whole table, with counters that begin at 0. */
  | { readonly kind: 'nft'; readonly text: string }
  | { readonly kind: 'sysctl'; readonly netns: string; readonly sysctls: readonly SysctlState[] }

type IpAction = Extract<Action, { readonly kind: 'ip' }>

/** Neighbours of one kind and namespace become one action: a hundred routes are one process. */
export function spell(steps: readonly Step[], ownPid: number): Action[] {
  const actions: Action[] = []
  for (const action of steps.flatMap((step) => spellStep(step, ownPid))) {
    const last = actions.at(-1)
    if (last?.kind === 'ip' && action.kind === 'ip' && isAlike(last, action)) {
      actions[actions.length - 1] = { ...last, lines: [...last.lines, ...action.lines] }
    } else if (last?.kind === 'sysctl' && action.kind === 'sysctl' && last.netns === action.netns) {
      actions[actions.length - 1] = { ...last, sysctls: [...last.sysctls, ...action.sysctls] }
    } else actions.push(action)
  }
  return actions
}

function isAlike(one: IpAction, other: IpAction): boolean {
  const isSamePlace = one.netns === other.netns && one.family === other.family
  return isSamePlace && one.isRemoval === other.isRemoval
}

function spellStep(step: Step, ownPid: number): Action[] {
  switch (step.kind) {
    case 'add-netns':
      return [command('', ['ip', 'netns', 'add', step.netns])]
    case 'set-sysctl':
      return [{ kind: 'sysctl', netns: step.netns, sysctls: [step.sysctl] }]
    case 'load-firewall':
      return [{ kind: 'nft', text: replaceTable(step.firewall.text) }]
    case 'move-nic':
      return [ip('', `link set dev ${step.nic} netns ${step.netns}`)]
    case 'return-nic':
      return [removal(step.netns, `link set dev ${step.nic} netns ${ownPid}`)]
    case 'set-features':
      return [command(step.netns, ['ethtool', '-K', step.nic, ...featureArguments(step)])]
    case 'set-nic':
      return [ip(step.netns, setNic(step.nic))]
    case 'add-twin':
      return [ip('', ...addTwin(step.twin))]
    case 'replace-twin':
      return [removal('', `link del dev ${step.twin.name}`), ip('', ...addTwin(step.twin))]
    case 'set-twin':
      return [ip('', setTwin(step.twin))]
    case 'remove-twin':
      return [removal('', `link del dev ${step.name}`)]
    case 'add-address':
      return [ip('', `addr replace ${spellAddress(step)}`)]
    case 'remove-address':
      return [removal('', `addr del ${step.address} dev ${step.device}`)]
    case 'set-route':
      return [ip('', `route replace ${spellRoute(step.route)}`)]
    case 'remove-route':
      return [removal('', `route del ${spellRoute(step.route)}`)]
    case 'add-rule':
      return [{ ...ip('', `rule add ${spellRule(step.rule)}`), family: step.rule.family }]
    case 'remove-rule':
      return [{ ...removal('', `rule del ${spellRule(step.rule)}`), family: step.rule.family }]
  }
}

function ip(netns: string, ...lines: readonly string[]): IpAction {
  return { kind: 'ip', netns, lines, isRemoval: false, family: null }
}

function removal(netns: string, line: string): IpAction {
  return { kind: 'ip', netns, lines: [line], isRemoval: true, family: null }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

/** What an admin has assigned is used at once: a tentative address cannot be bound to (RFC 4862 §5.4). */
function spellAddress({
  device,
  address,
  validSeconds,
}: Extract<Step, { readonly kind: 'add-address' }>): string {
  const seconds = validSeconds ?? 'forever'
  const flags = familyOf(address) === 6 ? ' nodad' : ''
  return `${address} dev ${device}${flags} valid_lft ${seconds} preferred_lft ${seconds}`
}

function command(netns: string, argv: readonly string[]): Action {
  return { kind: 'command', netns, argv }
}

/** @param kept by name, what a counter held in the table before; those that nobody had begin at 0 */
export function countOn(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/^( *counter (\w+)) \{ \}$/gm, (line, head: string, name: string) => {
    const held = kept.get(name)
    return held === undefined ? line : `${head} { ${held} }`
  })
}

/** One transaction: at no moment is there neither the old table nor the new one. */
function replaceTable(text: string): string {
  return `table inet causeway\ndelete table inet causeway\n${text}`
}

function featureArguments({ on, off }: Extract<Step, { kind: 'set-features' }>): string[] {
  return [...on.flatMap((name) => [name, 'on']), ...off.flatMap((name) => [name, 'off'])]
}

function setNic({ name, mtuBytes, gsoMaxBytes, groMaxBytes }: NicState): string {
  const mtu = mtuBytes === null ? '' : `mtu ${mtuBytes} `
  const sizes = `gso_max_size ${gsoMaxBytes} gro_max_size ${groMaxBytes}`
  return `link set dev ${name} ${mtu}${sizes} allmulticast on up`
}

function addTwin({ name, kind, mac }: TwinState): string[] {
  return [
    `tuntap add dev ${name} mode ${kind} multi_queue vnet_hdr`,
    `link set dev ${name} group ${ownMark}${mac === null ? '' : ` address ${mac}`}`,
  ]
}

function setTwin({ name, mac, mtuBytes, gsoMaxBytes }: TwinState): string {
  const address = mac === null ? '' : ` address ${mac}`
  const rest = `mtu ${mtuBytes} gso_max_size ${gsoMaxBytes} group ${ownMark} up`
  return `link set dev ${name}${address} ${rest}`
}

function spellRule({ priority, from, device, table }: RuleState): string {
  const selector = device === null ? `from ${from}` : `oif ${device}`
  return `${selector} lookup ${table} priority ${priority} protocol ${ownMark}`
}

function spellRoute({ prefix, table, metric, kind, device, via, source }: RouteState): string {
  const words = [kind === 'unreachable' ? 'unreachable' : '', prefix]
  if (via !== null) words.push(`via ${via}`)
  if (device !== null) words.push(`dev ${device}`)
  if (source !== null) words.push(`src ${source}`)
  words.push(`table ${table} metric ${metric} proto ${ownMark}`)
  return words.filter((word) => word !== '').join(' ')
}
