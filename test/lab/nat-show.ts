/**
 * `npm start -- --nat`: a hub and four branches behind routers of the sorts that one meets, shown live, with commands to change the
 * routers by hand.
 */
import { setInterval } from 'node:timers/promises'
import { startTransfers } from './background.ts'
import { hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { transferLines } from './live.ts'
import { PairWatch } from './nat-pairs.ts'
import { natPicture, pairNews, type Told } from './nat-text.ts'
import { endOfTransfers, redraw } from './screen.ts'
import { clock } from './table.ts'

export interface Shown {
  /** Infinite: until Ctrl-C. */
  readonly endSeconds: number
  readonly isTerminal: boolean
}

export async function showNats(lab: Lab, { endSeconds, isTerminal }: Shown): Promise<void> {
  const watch = new PairWatch(lab)
  const transfers = startTransfers(lab)
  console.log(`\n${natLookIn(lab)}\n`)
  let drawnLines = 0
  let told: Told = new Map()
  for await (const _ of setInterval(1_000, undefined, { signal: lab.stopping })) {
    const now = await watch.look()
    const { seconds } = watch
    if (isTerminal) {
      const head = `Causeway lab ${lab.id}  ${clock(seconds)}  Ctrl-C ends it and leaves nothing behind`
      const picture = [head, natPicture(now), transferLines(transfers)].join('\n\n')
      drawnLines = redraw(picture, drawnLines)
    } else {
      const news = pairNews(now, told)
      for (const line of news.lines) console.log(`${clock(seconds)}  ${line}`)
      told = news.told
    }
    if (seconds >= endSeconds) break
  }
  if (!isTerminal) console.log(`\n${natPicture(await watch.look())}\n`)
  endOfTransfers(transfers, isTerminal)
}

/** What a person can do with the lab: each command whole in its line. */
export function natLookIn(lab: Lab): string {
  const { names } = lab
  const [home, lte, hotel, guest] = ['home', 'lte', 'hotel', 'guest'] as const
  const instance = names.instance(home)
  const place = names.instance('SITE')
  const ends = `${hostAddress(lab, home)} ${hostAddress(lab, guest)}`
  const commands = [
    [`build/causeway status --instance ${instance}`, 'how each peer is reached, and why'],
    [`build/causeway paths --instance ${instance}`, 'the ways, direct ones and by the relay'],
    [`build/causeway explain ${ends} --instance ${instance}`, `why ${guest} is relayed`],
    [`build/causeway events --instance ${instance}`, 'as it happens'],
    [
      `ip netns exec ${names.internet} tcpdump -n -i ${hotel}`,
      `all that ${hotel}'s router sends and gets`,
    ],
    [turnCommand(lab, home, 'block', lte), `shuts the direct way: see the relay take over`],
    [turnCommand(lab, home, 'open'), 'opens it: direct again within a minute'],
    [turnCommand(lab, home, 'move'), 'another public address, as providers give it overnight'],
  ]
  return [
    'look in from another shell in this folder, as root:',
    ...commands.map(([command, about]) => `  ${command}  # ${about}`),
    '',
    `  sites   hub, ${[home, lte, hotel, guest].join(', ')}: namespaces ${names.box('SITE')}, their hosts ${names.host('SITE')}`,
    `  config  /etc/causeway/${place}/device.yaml`,
    `  logs    ${lab.logFile('SITE', 'gateway')}, ${lab.logFile('SITE', 'datapath')}`,
  ].join('\n')
}

/** Changes the router before a site, from the project's folder. */
export function turnCommand(lab: Lab, ...words: readonly string[]): string {
  return ['node_modules/.bin/node test/lab/nat-turn.ts', lab.id, ...words].join(' ')
}
