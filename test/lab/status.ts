/** Asks a site's gateway how it is, over its local API, as an admin's shell on the box would. */
import { request } from 'node:http'
import { CausewayError, type ErrorCode } from '../../firmware/model/errors.ts'
import type { Drops, Status } from '../../firmware/model/local-api.ts'
import type { Lab } from './lab.ts'

const timeoutMs = 2_000
const maxAnswerBytes = 1024 * 1024
const lookEveryMs = 100
const freshLooks = 100

/** What a site says about itself, and what its datapath has dropped since it started. */
export interface SiteLook {
  readonly status: Status
  readonly drops: Drops
}

/**
 * Once it has heard of its datapath.
 * @throws LAB_PROGRAM when the gateway does not answer or answers with an error; API_NOT_READY it hears nothing of its datapath
 */
export async function lookAt(lab: Lab, site: string): Promise<SiteLook> {
  for (let look = 1; ; look++) {
    try {
      const [status, drops] = await Promise.all([
        ask(lab, site, '/api/v1/status'),
        ask(lab, site, '/api/v1/drops'),
      ])
      return { status: JSON.parse(status) as Status, drops: JSON.parse(drops) as Drops }
    } catch (error) {
      const isEarly = error instanceof CausewayError && error.code === 'API_NOT_READY'
      if (!isEarly || look === freshLooks) throw error
      await new Promise((next) => setTimeout(next, lookEveryMs))
    }
  }
}

/** Has the gateway open its store, which it else does seconds after its start. */
export async function haveStoreOpen(lab: Lab, site: string): Promise<void> {
  await ask(lab, site, '/api/v1/users')
}

/**
 * Drops as of a reading that began after this call: the gateway reads its datapath's counters once a second. The first
 * new one may have been under way, so it is the one after that.
 * @throws LAB_TIMEOUT
 */
export async function freshDrops(lab: Lab, site: string): Promise<Drops> {
  const readings = new Set<number>()
  for (let look = 0; look < freshLooks; look++) {
    const answer = await ask(lab, site, '/api/v1/drops').catch(() => null)
    if (answer !== null) {
      const drops = JSON.parse(answer) as Drops
      if (readings.add(drops.sinceSeconds).size > 2) return drops
    }
    await new Promise((next) => setTimeout(next, lookEveryMs))
  }
  throw new CausewayError('LAB_TIMEOUT', `${site} gateway does not read its counters`)
}

/** The site's metrics in Prometheus' text form. */
export async function readMetrics(lab: Lab, site: string): Promise<string> {
  return ask(lab, site, '/metrics')
}

function ask(lab: Lab, site: string, path: string): Promise<string> {
  const socketPath = `/run/causeway/${lab.names.instance(site)}/api.sock`
  return new Promise((resolve, reject) => {
    const fail = (why: string, code: ErrorCode = 'LAB_PROGRAM'): void =>
      reject(new CausewayError(code, `${site} gateway, ${path}: ${why}`))
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
        else {
          const isEarly = text.includes('"API_NOT_READY"')
          const why = `${response.statusCode} ${text.slice(0, 500)}`
          fail(why, isEarly ? 'API_NOT_READY' : 'LAB_PROGRAM')
        }
      })
    })
    question.on('timeout', () => question.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    question.on('error', (error) => fail(error.message))
    question.end()
  })
}
