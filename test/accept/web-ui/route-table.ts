/** The table of routes of a box's API, made into questions: whatever is asked of every route is made from it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import type { LocalRoute } from '../../../firmware/gateway/api/local-route.ts'
import { routesOf } from '../../../firmware/gateway/api/routes.ts'
import {
  isAllowed,
  type LocalPermission,
  type LocalRole,
} from '../../../firmware/model/local-user.ts'
import type { Answer, Asker, Question } from '../../lab/asker.ts'
import { noAccess, partsWith } from '../../unit/gateway/sample-access.ts'
import { headersOf, type Session } from './scene.ts'

export const routes: readonly LocalRoute[] = routesOf(partsWith(noAccess()))
const againMs = 1_000
const mostTries = 6

export const isChange = ({ method }: LocalRoute): boolean => method !== 'GET'
export const titleOf = ({ method, url }: LocalRoute): string => `${method} ${url}`

/** With something for each of its parameters that names nothing. */
export function pathOf({ url }: LocalRoute): string {
  return url.replace(/:(\w+)/g, (_, name: string) => (name === 'id' ? 'f'.repeat(16) : '1'))
}

/**
 * By whoever has signed in. What changes something comes with a body that no route takes: the door lets it in, and nothing is done.
 * @param more headers besides, or instead
 */
export function knockOn(
  route: LocalRoute,
  session: Session | null,
  more: Readonly<Record<string, string>> = {},
): Question {
  const question = { method: route.method, path: pathOf(route) }
  if (!isChange(route)) return { ...question, headers: { ...headersOf(session), ...more } }
  const headers = { 'content-type': 'application/json', ...headersOf(session), ...more }
  return { ...question, headers, body: '{"wings":2}' }
}

/** One that is told to come again in a second does. */
export async function askPatiently({ ask }: Asker, question: Question): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask(question)
    if (answer.status !== 429 || tries === mostTries) return answer
    await passed(againMs)
  }
}

/** What the table says of the door of a box with users: null: let in. */
export function refusalOf({ needs }: LocalRoute, role: LocalRole | null): string | null {
  if (needs === 'anybody') return null
  if (needs === 'shell') return '403 API_FORBIDDEN'
  if (role === null) return '401 API_UNAUTHENTICATED'
  if (needs === 'signed-in') return null
  const permission = { status: 'status.read', 'first-run': 'config.write' } as const
  const isIn = isAllowed(
    role,
    needs === 'status' || needs === 'first-run' ? permission[needs] : needs,
  )
  return isIn ? null : '403 API_FORBIDDEN'
}

/** Of the pages, as text: what they import is for a browser. */
export function pagesTable(): { readonly path: string; readonly needs: LocalPermission }[] {
  const file = join(import.meta.dirname, '../../../webui/page/pages.ts')
  const entries = /path: '([\w-]*)',[\s\S]*?needs: '([\w.]+)'/g
  return [...readFileSync(file, 'utf8').matchAll(entries)].map(([, path, needs]) => {
    return { path: path!, needs: needs as LocalPermission }
  })
}
