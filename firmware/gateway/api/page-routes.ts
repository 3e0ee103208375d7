/**
 * The pages of the web UI as routes of the server, one for each by its exact name, and what every answer to a browser says of itself:
 * that it may load nothing from elsewhere, and be shown inside no other page.
 */
import type { FastifyInstance } from 'fastify'
import { encodingFor, type Page } from '../../host/web/pages.ts'

/** CSP Level 3; the rest after OWASP's list of headers. No HSTS: the certificate is the box's own, and its addresses change hands. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), display-capture=()',
  // Pages say otherwise; whatever else the box tells is of the moment.
  'cache-control': 'no-store',
}

export function addPages(app: FastifyInstance, pages: readonly Page[]): void {
  for (const page of pages) {
    const cache = page.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache'
    app.route({
      method: 'GET',
      url: page.url,
      handler: (request, reply) => {
        const encoding = encodingFor(page, request.headers['accept-encoding'])
        reply.headers({ etag: page.etag, 'cache-control': cache, vary: 'accept-encoding' })
        if (request.headers['if-none-match'] === page.etag) return reply.status(304).send()
        if (encoding !== 'identity') reply.header('content-encoding', encoding)
        return reply.type(page.type).send(page.bodies[encoding])
      },
    })
  }
}
