/** What becomes of a flow at the fake box: to the cameras it is denied, elsewhere it goes by a hub. */
import type { ExplainAnswer, ExplainRequest } from '../../../firmware/model/local-api-explain.ts'

const path = {
  number: 1,
  uplink: 'wan0',
  remoteUplink: 0,
  endpoint: '198.51.100.7:51820',
  isTaken: true,
  verdict: 'chosen',
  sentence: 'it is the best that the policy allows',
  state: 'up',
  stateSeconds: 8_112,
  lossRatio: 0,
  latencySeconds: 0.0084,
  jitterSeconds: 0.0006,
  mtuBytes: 1430,
  trustedInSeconds: 0,
} as const

export function explained({ from, to, toPort }: ExplainRequest): ExplainAnswer {
  const isDenied = to.startsWith('10.1.20.')
  return {
    cause: isDenied ? 'acl-denied' : 'forwarded',
    passes: !isDenied,
    sentence: isDenied
      ? 'no rule allows office to reach cameras, and between segments nothing passes without one'
      : 'it goes to hub-1 by wan0',
    also: isDenied
      ? []
      : [{ cause: 'uplink-dead', sentence: 'the path by lte0 is down: nobody answers' }],
    flow: { from, to, fromPort: null, toPort: toPort ?? null, protocol: 6, dscp: 0, server: null },
    comesFrom: 'lan',
    fromPeer: null,
    segment: 'office',
    toSegment: isDenied ? 'cameras' : 'office',
    route: {
      kind: isDenied ? 'link' : 'peer',
      prefix: isDenied ? '10.1.20.0/24' : '10.0.0.0/16',
      owner: isDenied ? 'cams' : 'hub-1',
      link: isDenied ? 'cams' : 'wan0',
      nextHop: null,
      isNextHopKnown: true,
      source: null,
      isByKernel: isDenied,
    },
    rule: { name: null, allows: !isDenied },
    peer: isDenied ? null : { name: 'hub-1', hasSession: true },
    policy: isDenied ? null : { name: 'business', application: 'web' },
    class: isDenied ? null : 'business',
    ingress: null,
    limits: [],
    queue: isDenied
      ? null
      : {
          uplink: 'wan0',
          waitingPackets: 0,
          waitingBytes: 0,
          uplinkBytes: 0,
          meanSeconds: 0.0011,
          classDelay: null,
        },
    place: 'known',
    idleSeconds: 1.2,
    mtuBytes: isDenied ? null : 1430,
    peers: [],
    paths: isDenied
      ? []
      : [
          path,
          {
            ...path,
            ...{ number: 2, uplink: 'lte0', isTaken: false, verdict: 'down', state: 'down' },
            sentence: 'nobody answers by it',
            ...{ lossRatio: null, latencySeconds: null, jitterSeconds: null },
          },
        ],
    incidents: isDenied
      ? [
          {
            reason: 'acl_denied',
            meaning: 'An access rule, or the lack of one, keeps it out.',
            of: 'flow',
            count: 4,
            firstSeconds: 8,
            lastSeconds: 2,
            total: 911,
          },
        ]
      : [],
  }
}
