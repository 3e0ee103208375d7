/**
 * What a real box refuses, asked of every route of its table by an admin who has just typed the password: questions by a foreign name,
 * from another site's page, without the token; bodies that are broken, of another sort, too long; paths that climb. And what no answer
 * lacks, what a real browser is kept from (refused-browser.ts), and that nothing answers on the WAN.
 */
import type { LocalRoute } from '../../../firmware/gateway/api/local-route.ts'
import type { Answer, Asker, Question } from '../../lab/asker.ts'
import { bare } from '../../lab/description.ts'
import type { Check, Line } from '../line.ts'
import { checked, claim, noneOf, type Step } from './check.ts'
import { foreignNameInBrowser, foreignSite } from './refused-browser.ts'
import { askPatiently, isChange, knockOn, pathOf, routes, titleOf } from './route-table.ts'
import {
  headersOf,
  moreDevices,
  openScene,
  openSession,
  runningConfig,
  type Scene,
  type Session,
  said,
  site,
} from './scene.ts'

const crossSite = '403 API_CROSS_SITE'
const invalid = '400 API_INVALID'
const devices = 20
/** Where a route says nothing else (host/api/answer.ts). */
const usualBytes = 64 * 1024
/** A route that a planted fault may enter: there is nothing to confirm. */
const harmless = '/api/v1/config/confirm'

interface Attack {
  readonly question: Question
  readonly wanted: RegExp
}
type Attacks = (route: LocalRoute, session: Session, fault: string | undefined) => Attack[]

export const refused: Line = {
  name: 'refused',
  title:
    'every route refuses what is not its own page’s: names, sites, tokens, bodies, paths; the WAN has no answer',
  isQuickBeside: true,
  faults: {
    'own-name': 'a foreign name',
    'own-site': 'another site',
    'with-token': 'without the token',
    'sound-body': 'broken bodies',
    'short-body': 'too long bodies',
    'plain-path': 'paths that climb',
    frameable: 'headers',
    'own-page': 'browser: ',
    'no-firewall': 'WAN: ',
  },
  measure: async ({ fault }) => {
    await using scene = await openScene()
    await using asker = await scene.asker()
    const before = await runningConfig(scene)
    const from = await moreDevices(scene, devices)
    const sessions: Session[] = []
    for (let count = 0; count < 6; count++) sessions.push(await openSession(asker, 'admin'))
    const desk: Desk = { asker, sessions, from, asked: 0, naked: [] }
    const of = (attacks: Attacks) => (title: string) => each(desk, title, attacks, fault)
    const steps: readonly Step[] = [
      ['a foreign name (DNS rebinding): let in', of(foreignNames)],
      ['another site’s page: let in', of(otherSites)],
      ['without the token, or with another one: let in', of(withoutToken)],
      ['broken bodies, other types, queries: let in', of(brokenBodies)],
      ['too long bodies, unread: let in', of(longBodies)],
      ['paths that climb: let in', of(climbing)],
      ['paths that climb, of pages: answered', (title) => pagesCheck(desk, title, fault)],
      [
        'headers against framing, sniffing, foreign scripts: answers without',
        async (title) => headersCheck(desk, title, fault),
      ],
      [
        'browser: another site’s page frames the box and asks it',
        (title) => foreignSite(scene, title, fault),
      ],
      ['browser: the box by a foreign name', (title) => foreignNameInBrowser(scene, title, fault)],
      ['WAN: answers to the Internet, by HTTPS and HTTP', (title) => wanCheck(scene, title, fault)],
    ]
    const checks = await checked(steps, fault === undefined ? null : refused.faults[fault]!)
    const after = await runningConfig(scene)
    const isSame = before.text === after.text && after.pendingChange === null
    return [
      ...checks,
      claim('nothing was changed by all that', isSame, isSame ? 'the same' : after.text),
    ]
  },
}

/** Whoever asks: several sessions and devices in turn, since each has a rate of its own. */
interface Desk {
  readonly asker: Asker
  readonly sessions: readonly Session[]
  readonly from: readonly string[]
  asked: number
  /** Answers that lack what every answer has to have. */
  readonly naked: string[]
}

async function each(
  desk: Desk,
  check: string,
  attacks: Attacks,
  fault: string | undefined,
): Promise<Check> {
  const wrong: string[] = []
  let count = 0
  for (const route of routes) {
    const session = desk.sessions[desk.asked % desk.sessions.length]!
    for (const { question, wanted } of attacks(route, session, fault)) {
      count++
      const answer = await askAs(desk, question)
      if (wanted.test(said(answer)) && !/root:x?:0:/.test(answer.body)) continue
      wrong.push(`${titleOf(route)} ${question.path}: ${said(answer)}, not ${wanted.source}`)
    }
  }
  return noneOf(check, wrong, `${count} at ${routes.length} routes`)
}

async function askAs(desk: Desk, question: Question): Promise<Answer> {
  const from = desk.from[desk.asked++ % desk.from.length]!
  const answer = await askPatiently(desk.asker, { ...question, from })
  const { headers } = answer
  const isCovered =
    headers['x-frame-options'] === 'DENY' &&
    headers['x-content-type-options'] === 'nosniff' &&
    /default-src 'none'.*frame-ancestors 'none'/.test(headers['content-security-policy'] ?? '')
  if (!isCovered) desk.naked.push(`${question.path}: ${said(answer)}`)
  return answer
}

const exactly = (answer: string): RegExp => new RegExp(`^${answer}$`)

function foreignNames(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  const names = ['evil.example', '10.1.0.1.evil.example', '10.1.0.1:8443', '198.51.100.2']
  const own = fault === 'own-name' ? [{}] : names.map((host) => ({ host }))
  return own.map((more) => {
    return { question: knockOn(route, session, more), wanted: exactly('421 API_MISDIRECTED') }
  })
}

function otherSites(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  const marks = [
    ...['https://evil.example', 'http://10.1.0.1', 'null'].map((origin) => ({ origin })),
    ...['cross-site', 'same-site'].map((from) => ({ 'sec-fetch-site': from })),
  ]
  return (fault === 'own-site' ? [{}] : marks).map((more) => {
    return { question: knockOn(route, session, more), wanted: exactly(crossSite) }
  })
}

function withoutToken(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  if (!isChange(route) || route.needs === 'anybody' || route.needs === 'shell') return []
  const tokens = fault === 'with-token' ? [session.csrf] : ['', 'x'.repeat(session.csrf.length)]
  return tokens.map((token) => {
    const question = knockOn(route, session, { 'x-causeway-csrf': token })
    return { question, wanted: exactly(crossSite) }
  })
}

function brokenBodies(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  if (route.needs === 'shell') return []
  const path = pathOf(route)
  const query = { ...knockOn(route, session), path: `${path}?verbose=1` }
  if (!isChange(route)) return [{ question: query, wanted: exactly(invalid) }]
  const headers = headersOf(session)
  const bodies: readonly (readonly [type: string, body: string])[] =
    fault === 'sound-body' && route.url === harmless
      ? [['application/json', '{}']]
      : [
          ['application/json', '{'],
          ['application/json', ''],
          ['application/json', '[]'],
          ['application/json', '{"__proto__":{"role":"admin"}}'],
          ['application/json', '{"constructor":{"prototype":{}}}'],
          ['application/json', `${'['.repeat(1_500)}${']'.repeat(1_500)}`],
          ['text/plain', '{}'],
          ['application/x-www-form-urlencoded', 'wings=2'],
          ['multipart/form-data; boundary=x', '--x--'],
        ]
  return [
    { question: query, wanted: exactly(invalid) },
    ...bodies.map(([type, body]) => ({
      question: { method: 'POST', path, headers: { ...headers, 'content-type': type }, body },
      wanted: exactly(invalid),
    })),
  ]
}

/** Announced: it is refused before it comes. */
function longBodies(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  if (!isChange(route) || route.needs === 'shell') return []
  const { uploadMaxBytes, bodyMaxBytes = usualBytes } = route
  const type = uploadMaxBytes === undefined ? 'application/json' : 'application/octet-stream'
  if (fault === 'short-body' && route.url === harmless) {
    return [{ question: knockOn(route, session), wanted: exactly('413 API_TOO_LARGE') }]
  }
  const length = String((uploadMaxBytes ?? bodyMaxBytes) + 1)
  const headers = { ...headersOf(session), 'content-type': type, 'content-length': length }
  const question = { method: 'POST', path: pathOf(route), headers }
  const unread = { ...question, isAlone: true, isUnfinished: true }
  return [{ question: unread, wanted: exactly('413 API_TOO_LARGE') }]
}

const climbs = ['..%2f..%2f..%2fetc%2fpasswd', '%2e%2e', '%00', '..%5c..%5c', '%c0%ae%c0%ae', '%']

/** In the place of each of its parameters; behind those that have none. */
function climbing(route: LocalRoute, session: Session, fault: string | undefined): Attack[] {
  const { method, headers = {}, body } = knockOn(route, session)
  const hasName = route.url.includes(':')
  const paths = climbs.map((climb) =>
    hasName ? route.url.replace(/:\w+/g, climb) : `${route.url}/${climb}`,
  )
  return (fault === 'plain-path' ? ['/api/v1/session'] : paths).map((path) => {
    const question = { path, headers, ...(method === undefined ? {} : { method }) }
    // What no route is, takes no body.
    const wanted = /^(400|404|413)( |$)/
    return { question: { ...question, ...(body === undefined ? {} : { body }) }, wanted }
  })
}

/** Nothing but what was built is served. */
async function pagesCheck(desk: Desk, title: string, fault: string | undefined): Promise<Check> {
  const up = [
    '/../../etc/passwd',
    '/assets/../../../../etc/passwd',
    '//etc/passwd',
    '/index.html/..',
  ]
  const paths = [
    ...up,
    ...climbs.flatMap((climb) => [`/${climb}`, `/assets/${climb}`]),
    ...['/.git/config', '/assets/', '/package.json', '/webui/main.tsx', 'http://evil.example/'],
  ]
  const wrong: string[] = []
  for (const path of fault === 'plain-path' ? ['/'] : paths) {
    const answer = await askAs(desk, { path })
    if (!/^(400|404|421)( |$)/.test(said(answer))) wrong.push(`${path}: ${said(answer)}`)
  }
  return noneOf(title, wrong, String(paths.length))
}

function headersCheck({ naked, asked }: Desk, title: string, fault: string | undefined): Check {
  const found = fault === 'frameable' ? [...naked, '/: planted'] : naked
  return noneOf(title, found, `${asked} answers`)
}

/** From the Internet: at the address of an uplink, and at that of the LAN, to which somebody there has set a route. */
async function wanCheck(
  { lab, address }: Scene,
  title: string,
  fault: string | undefined,
): Promise<Check> {
  const { wan } = lab.sites.find(({ name }) => name === site)!
  const wanAddress = bare(wan.address)
  await lab.exec('internet', ['ip', 'route', 'add', `${address}/32`, 'via', wanAddress])
  if (fault === 'no-firewall') await lab.exec(site, ['nft', 'flush', 'ruleset'])
  const targets = [wanAddress, address].flatMap((one) => [
    ...['https://', 'http://'].map((scheme) => `${scheme}${one}/`),
    `https://${one}/api/v1/session`,
  ])
  const tries = targets.map(async (url) => {
    const argv = ['curl', '-ski', '--max-time', '3', url]
    const { code, stdout } = await lab.attempt('internet', argv)
    return code === 0 || stdout !== '' ? [url] : []
  })
  const answered = (await Promise.all(tries)).flat()
  return noneOf(title, answered, `${targets.length} tries`)
}
