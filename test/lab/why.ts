/** Asks a site's gateway why a flow is where it is, as `causeway explain` does. */
import { askApi } from '../../firmware/host/system/api-client.ts'
import type { ExplainAnswer, ExplainRequest } from '../../firmware/model/local-api-explain.ts'
import type { Lab } from './lab.ts'

/** @throws the error that the gateway answered with, API_UNREACHABLE, API_TIMEOUT */
export async function askWhy(lab: Lab, site: string, flow: ExplainRequest): Promise<ExplainAnswer> {
  const socketPath = `/run/causeway/${lab.names.instance(site)}/api.sock`
  return JSON.parse(await askApi(socketPath, '/api/v1/explain', { post: flow })) as ExplainAnswer
}
