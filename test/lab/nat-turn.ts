/**
 * `nat-turn.ts LAB SITE block OTHER | open | move`: changes the router before a site of a running `npm start -- --nat` by hand: lets
 * nothing through to another site's address, lets all through again, or has another public address.
 */
import { CausewayError } from '../../firmware/model/errors.ts'
import { run } from './command.ts'
import { namesOf, netnsOf } from './names.ts'
import { outerNatOf, type Reached } from './nat.ts'
import { describeNatShown, shownBranches } from './nat-sites.ts'

const usage = `usage: nat-turn.ts LAB SITE block OTHER | open | move
  SITE, OTHER: ${Object.keys(shownBranches).join(', ')}`

/** The lab of another process. */
function reach(id: string): Reached {
  const { sites } = describeNatShown()
  const names = namesOf(id)
  return {
    sites,
    exec: (where, argv, options = {}) =>
      run(argv, { ...options, netns: netnsOf(where, sites, names) }),
  }
}

async function turn(
  lab: Reached,
  [site, verb, other]: readonly [site: string, verb: string, other: string | undefined],
): Promise<string> {
  const nat = await outerNatOf(lab, site)
  switch (verb) {
    case 'block': {
      const { publicAddress } = await outerNatOf(lab, other!)
      await nat.block([publicAddress])
      return `nothing passes between ${site} and ${other} (${publicAddress}) any more, but by the hub`
    }
    case 'open':
      await nat.unblock()
      return `the router of ${site} lets all through again`
    default: {
      const before = nat.publicAddress
      await nat.moveOn()
      return `the router of ${site} has moved from ${before} to ${nat.publicAddress}`
    }
  }
}

const [id = '', site = '', verb = '', other] = process.argv.slice(2)
const isSite = (name: string | undefined): boolean => Object.hasOwn(shownBranches, name ?? '')
const isSound = isSite(site) && (verb === 'block' ? isSite(other) : ['open', 'move'].includes(verb))
if (!isSound || site === other || !/^[0-9a-z]{4}$/.test(id)) {
  console.error(usage)
  process.exitCode = 2
} else {
  try {
    console.log(await turn(reach(id), [site, verb, other]))
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    console.error(`nat-turn: ${error.message}`)
    process.exitCode = 1
  }
}
