/** What the form of the tab "Capture" has, and what the box is asked by it. Pure. */
import type { CaptureFilter, CaptureRequest } from '../../../firmware/model/local-api-capture.ts'

export const captureProtocols = ['any', 'tcp', 'udp', 'icmp', 'arp'] as const

export interface CaptureForm {
  readonly place: string
  readonly seconds: number | null
  readonly host: string
  readonly otherHost: string
  readonly net: string
  readonly port: number | null
  readonly protocol: (typeof captureProtocols)[number]
  readonly isFull: boolean
}

export const emptyCapture: CaptureForm = {
  ...{ place: '', seconds: 10, host: '', otherHost: '', net: '', port: null },
  ...{ protocol: 'any', isFull: false },
}

export function captureRequest(
  { place, seconds, host, otherHost, net, port, protocol }: CaptureForm,
  placeOf: (chosen: string) => Record<string, string>,
): CaptureRequest {
  const texts = Object.entries({ host, otherHost, net })
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '')
  const filter: CaptureFilter = {
    ...Object.fromEntries(texts),
    ...(port === null ? {} : { port }),
    ...(protocol === 'any' ? {} : { protocol }),
  }
  return {
    ...placeOf(place),
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
    ...(seconds === null ? {} : { seconds }),
  }
}
