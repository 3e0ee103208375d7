/** The OpenAPI 3.1 document of the local API, made from its routes: their schemas are JSON Schema already. Pure. */
import { type ErrorCode, errorTable } from '../../model/errors.ts'
import { ErrorAnswer } from '../../model/local-api-config.ts'
import { version } from '../../model/version.ts'
import type { Route, Schema } from './route.ts'

export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Operation {
  readonly summary: string
  readonly parameters?: readonly unknown[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Content }>
  >
}

/** Whoever handles it. */
type ToldRoute = Omit<Route, 'handle'>

type Content = Readonly<Record<string, { readonly schema: Schema }>>

export function openapiOf(
  routes: readonly ToldRoute[],
  common: readonly ErrorCode[],
  about: { readonly title: string; readonly description: string },
): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, common) }
  }
  return {
    openapi: '3.1.0',
    info: {
      ...about,
      version,
    },
    paths,
    components: { schemas: { Error: ErrorAnswer } },
  }
}

function operationOf(route: ToldRoute, common: readonly ErrorCode[]): Operation {
  const { summary, params, body, answer, answerSchema, errors = [], otherStatuses = [] } = route
  const good =
    typeof answer === 'string'
      ? { [answer.split(';')[0]!]: { schema: answerSchema ?? { type: 'string' } } }
      : json(answer)
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set([...errors, ...common])) {
    const { http } = errorTable[code]
    byStatus.set(http, [...(byStatus.get(http) ?? []), code])
  }
  const failures = [...byStatus].map(([http, codes]) => {
    const content = otherStatuses.includes(http)
      ? json({ anyOf: [answer, errorRef] })
      : json(errorRef)
    return [http, { description: codes.join(', '), content }] as const
  })
  const others = otherStatuses
    .filter((http) => !byStatus.has(http))
    .map((http) => [http, { description: summary, content: good }] as const)
  return {
    summary,
    ...(params === undefined ? {} : { parameters: parametersOf(params) }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: Object.fromEntries([
      [200, { description: summary, content: good }],
      ...others,
      ...failures,
    ]),
  }
}

const errorRef = { $ref: '#/components/schemas/Error' }

function json(schema: Schema): Content {
  return { 'application/json': { schema } }
}

function parametersOf(params: Schema): readonly unknown[] {
  const { properties } = params as { properties: Readonly<Record<string, Schema>> }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema,
  }))
}
