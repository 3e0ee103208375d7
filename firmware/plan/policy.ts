/**
 * How flows are steered, spelt out for the datapath: policies, and the comparisons that say whose a flow is. Behind those of
 * the policies stand those of applications alone, which name what flows of the default are. Pure.
 */
import { anyPorts } from '../model/acl.ts'
import { applicationsByName, termsOf } from '../model/application.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { trafficClasses } from '../model/device-config-qos.ts'
import type { Policy } from '../model/device-config-steering.ts'
import type { Uplink } from '../model/device-config-uplink.ts'
import { defaultPolicyName, type PolicyTerm, policyTerms } from '../model/policy.ts'
import type { MatchProgram, PolicyProgram } from '../model/policy-program.ts'
import type { Program } from '../model/program.ts'

const networks = ['internet', 'private'] as const

/** Of what no other policy is for, unless the configuration says. */
export const defaultPolicy: PolicyProgram = compilePolicy({ name: defaultPolicyName }, [])

export function compileSteering(config: DeviceConfig): Pick<Program, 'policies' | 'matches'> {
  const { uplinks, policies = [] } = config
  const applications = applicationsByName(config.applications)
  const others = policies.filter(({ name }) => name !== defaultPolicyName)
  const own = policies.find(({ name }) => name === defaultPolicyName)
  return {
    policies: [
      own === undefined ? defaultPolicy : compilePolicy(own, uplinks),
      ...others.map((policy) => compilePolicy(policy, uplinks)),
    ],
    matches: [
      ...others.flatMap((policy) =>
        policyTerms(policy, applications).map((term) => matchOf(policy.name, term)),
      ),
      ...[...applications].flatMap(([application, flows]) =>
        flows
          .flatMap(termsOf)
          .map((term) => matchOf(defaultPolicyName, { ...term, application, segment: '' })),
      ),
    ],
  }
}

/** Uplink → a number for its `risk`, from 1; 0 where it has none. */
export function riskNumber({ risk }: Uplink, uplinks: readonly Uplink[]): number {
  const names = [...new Set(uplinks.flatMap((one) => one.risk ?? []))]
  return risk === undefined ? 0 : names.indexOf(risk) + 1
}

function compilePolicy(policy: Policy, uplinks: readonly Uplink[]): PolicyProgram {
  const { name, loss, latencyMs, jitterMs, kinds, metered = 'last' } = policy
  const prefer = policy.prefer ?? []
  return {
    name,
    lossPpm: loss === undefined ? null : Math.round(loss * 10_000),
    latencyUs: latencyMs === undefined ? null : latencyMs * 1000,
    jitterUs: jitterMs === undefined ? null : jitterMs * 1000,
    metered,
    kinds: networks.filter((network) => kinds?.includes(network) !== false),
    isStrict: policy.otherwise === 'drop',
    isSpread: policy.use === 'all',
    class: policy.class === undefined ? null : trafficClasses.indexOf(policy.class),
    isBreakoutDenied: policy.breakout === 'deny',
    prefer: prefer.map((wanted) => uplinks.findIndex((uplink) => uplink.name === wanted)),
  }
}

function matchOf(policy: string, { ports, ...term }: PolicyTerm): MatchProgram {
  return { ...term, policy, source: '', sourcePorts: anyPorts, destinationPorts: ports }
}
