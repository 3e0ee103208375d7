/**
 * Asks a site's gateway how it is, over its local API. Only what the lab shows and checks is taken over; the
 * form is that of `GET /api/v1/status`.
 */
import { request } from 'node:http'
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Lab } from './lab.ts'

const timeoutMs = 2_000
const maxAnswerBytes = 1024 * 1024

export interface SiteStatus {
  readonly site: string
  readonly peers: readonly PeerStatus[]
  /** Drop reasons of the datapath and their counts since it started. */
  readonly drops: Readonly<Record<string, number>>
}

export interface PeerStatus {
  readonly name: string
  readonly state: string
  readonly rttUs: number | null
  /** Inner bytes and packets since the datapath started. */
  readonly rxBytes: number
  readonly txBytes: number
}

/** @throws LAB_PROGRAM when the gateway does not answer or answers with an error */
export async function readStatus(lab: Lab, site: string): Promise<SiteStatus> {
  return JSON.parse(await ask(lab, site, '/api/v1/status')) as SiteStatus
}

/** The site's metrics in Prometheus' text form. */
export async function readMetrics(lab: Lab, site: string): Promise<string> {
  return ask(lab, site, '/metrics')
}

/** All drops together. */
export function totalDrops({ drops }: SiteStatus): number {
  return Object.values(drops).reduce((sum, count) => sum + count, 0)
}

function ask(lab: Lab, site: string, path: string): Promise<string> {
  const socketPath = `/run/causeway/${lab.names.instance(site)}/api.sock`
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new CausewayError('LAB_PROGRAM', `${site} gateway, ${path}: ${why}`))
    const question = request({ socketPath, path, timeout: timeoutMs }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > maxAnswerBytes) response.destroy(new Error('answer is too long'))
      })
      response.on('error', (error) => fail(error.message))
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else fail(`${response.statusCode} ${text.slice(0, 500)}`)
      })
    })
    question.on('timeout', () => question.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    question.on('error', (error) => fail(error.message))
    question.end()
  })
}
