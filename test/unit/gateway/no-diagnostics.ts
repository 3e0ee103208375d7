/** Diagnostics of an API whose tests are about something else: nobody may ask for any. */
import type { ApiParts } from '../../../firmware/gateway/api/api.ts'

function never(): never {
  throw new Error('nobody asks for diagnostics here')
}

export const noDiagnostics: Pick<ApiParts, 'diagnose' | 'capture'> = {
  diagnose: {
    ...{
      places: never,
      ping: never,
      trace: never,
      mtu: never,
      speed: never,
      dns: never,
      link: never,
    },
    ...{ run: never, stopRun: never, log: never, flows: never, bundle: never },
  },
  capture: { begin: never, list: never, show: never, stop: never, file: never },
}
