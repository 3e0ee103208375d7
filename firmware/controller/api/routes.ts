/** All routes for people and their programs, and the OpenAPI document that is made from them. */
import { openapiOf } from '../../host/api/openapi.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { accessRoutes } from './access-routes.ts'
import type { ControllerRoute, RouteParts } from './controller-route.ts'
import { edgeRoutes } from './edge-routes.ts'
import { firmwareRoutes } from './firmware-routes.ts'
import { fleetRoutes } from './fleet-routes.ts'
import { ownerRoutes } from './owner-routes.ts'

const commonErrors: readonly ErrorCode[] = [
  ...(['API_INVALID', 'API_UNAUTHENTICATED', 'API_FORBIDDEN', 'API_NOT_FOUND'] as const),
  ...(['API_TOO_LARGE', 'API_TIMEOUT', 'API_INTERNAL'] as const),
]

export function routesOf(parts: RouteParts): ControllerRoute[] {
  const routes: ControllerRoute[] = [
    ...ownerRoutes(parts),
    ...accessRoutes(parts),
    ...fleetRoutes(parts),
    ...edgeRoutes(parts),
    ...firmwareRoutes(parts),
    {
      ...{ method: 'GET', url: '/api/v1/openapi.json', answer: { type: 'object' } },
      summary: 'This document.',
      needs: 'anybody',
      handle: async () => ({ body: document }),
    },
  ]
  const document = openapiOf(
    routes.map((route) => ({ ...route, handle: () => ({ body: null }) })),
    commonErrors,
    {
      title: 'Causeway controller API',
      description:
        'What a controller tells and takes by HTTPS. Who asks shows a token: `Authorization: Bearer`. Fields are only ever added.',
    },
  )
  return routes
}
