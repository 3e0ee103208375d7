/**
 * Who may enter which route from a LAN: asked by a name of the box, by its own page, not too often, by somebody who is known and may.
 * All of it before a body is read. What was changed, and who was not let in, is told to the box's log.
 */
import type { IncomingMessage } from 'node:http'
import { bearerOf } from '../../host/api/answer.ts'
import type { Asked, Route } from '../../host/api/route.ts'
import type { Clock } from '../../host/clock/clock.ts'
import { CausewayError, type ErrorCode } from '../../model/errors.ts'
import { csrfHeader, sessionCookie } from '../../model/local-api-access.ts'
import { isAllowed, type LocalPrincipal, shellPrincipal } from '../../model/local-user.ts'
import { openBucket, openSourceBuckets } from '../../plan/rate-limit.ts'
import { type Access, type Asker, stranger } from '../access/access.ts'
import { placeOf, sourceOf } from '../access/source.ts'
import type { LocalRoute, Needs } from './local-route.ts'
import { isCrossSite, isOwnHost } from './origin.ts'

/** A page and what it is made of at once; then some a second, as a page asks that nobody has signed in at. */
const strangerRate = { perSecond: 20, burst: 150 }
const knownRate = { perSecond: 30, burst: 150 }
/** Of all together: the loop has more to do. Strangers take nothing of those who are known. */
const wholeRates = {
  strangers: { perSecond: 120, burst: 300 },
  known: { perSecond: 200, burst: 400 },
} as const
/** What a stranger asks for in the long run; whoever asks for more leaves more of the strangers' whole to others, up to this. */
const fairRate = { perSecond: 3, burst: 150 }
const mostSpare = 0.5
const mostSources = 256

export interface GateParts {
  readonly access: Access
  readonly clock: Pick<Clock, 'nowMs'>
  /** Anybody may see how the box is (`api.lan: status`). */
  readonly isStatusOpen: () => boolean
}

/** What is there of a request before its body. */
export interface Knock {
  readonly method: string
  readonly address: string
  readonly request: IncomingMessage
}

export interface Gate {
  /**
   * @param route null: a page, or nothing
   * @throws API_MISDIRECTED, API_RATE, API_CROSS_SITE, API_UNAUTHENTICATED, API_FORBIDDEN, API_NOT_FRESH, API_NOT_READY
   */
  readonly admit: (
    knock: Knock,
    route: LocalRoute | null,
    names: ReadonlySet<string>,
    port: number,
  ) => Promise<void>
  /** The route for those who were admitted. */
  readonly open: (route: LocalRoute) => Route
}

export function openGate({ access, clock, isStatusOpen }: GateParts): Gate {
  const wholeOfStrangers = openBucket(wholeRates.strangers, clock.nowMs())
  const wholeOfKnown = openBucket(wholeRates.known, clock.nowMs())
  const strangers = openSourceBuckets(strangerRate, mostSources)
  const fair = openSourceBuckets(fairRate, mostSources)
  const known = openSourceBuckets(knownRate, mostSources)
  const askers = new WeakMap<IncomingMessage, Asker>()
  const hasStranger = (source: string, nowMs: number): boolean => {
    fair.take(source, nowMs)
    const spare = (1 - fair.level(source, nowMs)) * mostSpare
    return strangers.take(source, nowMs) && wholeOfStrangers.take(nowMs, spare)
  }
  const count = ({ who }: Asker, address: string): void => {
    const nowMs = clock.nowMs()
    const has =
      who.by === 'nobody'
        ? hasStranger(sourceOf(address), nowMs)
        : known.take(who.session ?? who.name, nowMs) && wholeOfKnown.take(nowMs)
    if (has) return
    throw new CausewayError('API_RATE', 'asked too often: come again in a second')
  }
  return {
    admit: async ({ method, address, request }, route, names, port) => {
      const { headers } = request
      // With a whole URL it would be that which counts, and not the header (RFC 9112 §3.2.2).
      const isPath = request.url?.startsWith('/') === true
      if (!isPath || !isOwnHost(headers.host, names, port)) {
        throw new CausewayError('API_MISDIRECTED', 'this box is not called that: ask its address')
      }
      // A page asks for nothing in anybody's name.
      const asker = route === null ? stranger : await access.identify(...credentialsOf(request))
      count(asker, address)
      askers.set(request, asker)
      const isChange = method !== 'GET' && method !== 'HEAD'
      if ((isChange || route !== null) && isCrossSite(headers, isChange)) {
        throw new CausewayError('API_CROSS_SITE', 'a page of another site asks')
      }
      if (route === null) return
      try {
        refuse(await needsOf(route, access), route, asker, isStatusOpen())
        const isToken = asker.csrf !== null && headers[csrfHeader] !== asker.csrf
        if (isChange && isToken && route.needs !== 'anybody') {
          throw new CausewayError('API_CROSS_SITE', `needs the header ${csrfHeader}`)
        }
      } catch (error) {
        if (isChange && asker.who.by !== 'nobody') tell(access, route, asker.who, address, error)
        throw error
      }
    },
    open: (route) => {
      const whoOf = ({ request }: Pick<Asked, 'request'>): LocalPrincipal =>
        (askers.get(request) ?? stranger).who
      return audited(route, access, whoOf)
    },
  }
}

/** The route for whoever is at the box's own shell. */
export function openForShell(route: LocalRoute, access: Access): Route {
  return audited(route, access, () => shellPrincipal)
}

function audited(
  route: LocalRoute,
  access: Access,
  whoOf: (asked: Asked) => LocalPrincipal,
): Route {
  const { needs, isFresh, isQuiet, target, handle, stream, ...rest } = route
  return {
    ...rest,
    ...(stream === undefined
      ? {}
      : {
          stream: (out, asked) => {
            const who = whoOf(asked)
            stream(out, { ...asked, isStillAllowed: () => access.isStill(who) })
          },
        }),
    handle: async (asked) => {
      const who = whoOf(asked)
      if (route.method === 'GET' || isQuiet === true) return handle(asked, who)
      try {
        const answer = await handle(asked, who)
        tell(access, route, who, asked.address, null, asked)
        return answer
      } catch (error) {
        tell(access, route, who, asked.address, error, asked)
        throw error
      }
    },
  }
}

/** Never waits, and never fails: what was done is done. */
function tell(
  access: Access,
  { method, url, target }: LocalRoute,
  who: LocalPrincipal,
  address: string,
  error: unknown,
  asked: Asked | null = null,
): void {
  const code = error === null ? null : codeOf(error)
  const named = Object.values((asked?.params ?? {}) as Readonly<Record<string, string>>).join(' ')
  const event = {
    ...{ who: who.name, what: `${method} ${url}`, from: placeOf(address), code },
    target: asked === null ? '' : (target?.(asked) ?? named),
  }
  access
    .books()
    .then(({ audit }) => (code === null ? audit.done(event) : audit.tried(event)))
    .catch(() => {})
}

/** What it needs now. @throws API_NOT_READY whether there is a user is not known */
async function needsOf(
  { needs }: LocalRoute,
  access: Access,
): Promise<Exclude<Needs, 'first-run'>> {
  if (needs !== 'first-run') return needs
  const { users } = await access.books()
  return users.list().length === 0 ? 'anybody' : 'config.write'
}

/** @throws API_UNAUTHENTICATED, API_FORBIDDEN, API_NOT_FRESH */
function refuse(
  needs: Exclude<Needs, 'first-run'>,
  { isFresh }: LocalRoute,
  { who, isFresh: wasTyped }: Asker,
  isOpen: boolean,
) {
  if (needs === 'anybody' || (needs === 'status' && isOpen)) return
  if (needs === 'shell') {
    throw new CausewayError('API_FORBIDDEN', "may only be done at the box's own shell")
  }
  if (who.by === 'nobody') throw new CausewayError('API_UNAUTHENTICATED', 'sign in first')
  const permission = needs === 'status' ? 'status.read' : needs
  if (permission !== 'signed-in' && !isAllowed(who.role, permission)) {
    throw new CausewayError('API_FORBIDDEN', `a ${who.role} may not do this`)
  }
  if (isFresh === true && !wasTyped) {
    throw new CausewayError('API_NOT_FRESH', 'needs the password again: /api/v1/session/refresh')
  }
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof CausewayError ? error.code : 'API_INTERNAL'
}

function credentialsOf(request: IncomingMessage): [string | null, string | null] {
  const { headers } = request
  const [, cookie] =
    new RegExp(`(?:^|; )${sessionCookie}=([\\w-]{1,128})(?:;|$)`).exec(headers.cookie ?? '') ?? []
  return [bearerOf({ headers }), cookie ?? null]
}
