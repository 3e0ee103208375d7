/**
 * One site's configuration, put together and checked as the door of its box would check it, in two parts: the ground, and the
 * traffic on it. What came out alike the time before is not checked again. Pure.
 */
import type { Claim } from '../model/address-rules.ts'
import { isEqual } from '../model/config-diff.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { canonicalConfig } from '../model/device-config-canonical.ts'
import { checkForm, isDeviceConfig } from '../model/device-config-check.ts'
import { type Parts, partsOf } from '../model/device-config-parts.ts'
import { checkGround, checkTraffic } from '../model/device-config-rules.ts'
import type { ErrorBody } from '../model/errors.ts'
import {
  type Compiled,
  compileGround,
  compileTraffic,
  type Ground,
  type Surroundings,
  type Traffic,
} from './fleet-site.ts'

/** A ground that has been judged. */
interface Judged {
  readonly ground: Ground
  readonly parts: Parts
  readonly errors: readonly ErrorBody[]
  readonly claims: readonly Claim[] | null
  /** In canonical text; null when it has errors. */
  readonly config: DeviceConfig | null
}

export interface SiteWork {
  /** What the ground was compiled from: as long as it is the same, so is the ground. */
  readonly base: object
  readonly judged: Judged
  readonly traffic: Traffic
  /** Of revision 0; null when there are errors. */
  readonly config: DeviceConfig | null
  readonly errors: readonly ErrorBody[]
}

/** Of traffic as text: most sites of a fleet have the same. */
export type TrafficForms = Map<string, TrafficForm>

interface TrafficForm {
  readonly parts: Parts
  readonly errors: readonly ErrorBody[]
  /** Null until a site has found it sound. */
  canonical: Traffic | null
}

/** @returns `before` itself where nothing differs */
export function workSite(
  own: Compiled,
  around: Surroundings,
  base: object,
  before: SiteWork | undefined,
  forms: TrafficForms,
): SiteWork {
  const judged = before?.base === base ? before.judged : judge(own, around, before?.judged)
  const traffic = compileTraffic(own, around.documents, judged.ground)
  if (before !== undefined && judged === before.judged && isEqual(traffic, before.traffic)) {
    return before.base === base ? before : { ...before, base }
  }
  const form = formOf(traffic, forms)
  const { acl, applications, policies, isWhole } = form.parts
  const parts: Parts = {
    ...{ ...judged.parts, acl, applications, policies },
    isWhole: { ...judged.parts.isWhole, applications: isWhole.applications },
  }
  const refusals = checkTraffic(parts, judged.claims).map(({ rule, ...error }) => error)
  const errors = [...judged.errors, ...form.errors, ...refusals]
  if (errors.length > 0 || judged.config === null)
    return { base, judged, traffic, config: null, errors }
  form.canonical ??= canonicalTraffic(traffic)
  const config = { ...judged.config, ...form.canonical }
  return { base, judged, traffic, config, errors }
}

function judge(own: Compiled, around: Surroundings, before: Judged | undefined): Judged {
  const ground = compileGround(own, around)
  if (before !== undefined && isEqual(ground.config, before.ground.config)) return before
  const { config } = ground
  const parts = partsOf(config)
  const { refusals, claims } = checkGround(parts)
  const errors = [...formErrors(config), ...refusals.map(({ rule, ...error }) => error)]
  return {
    ground,
    parts,
    errors,
    claims,
    config: errors.length > 0 ? null : canonicalConfig(config),
  }
}

/** Traffic stands on a ground that nothing is wrong with, to be looked at alone. */
const bare: DeviceConfig = {
  ...{ version: 1, revision: 0, site: 'x', tenant: '00000000-0000-4000-8000-000000000000' },
  overlay: { port: 51_820 },
  uplinks: [{ name: 'x', nic: 'netdev:x', address: 'dhcp' }],
  ...{ segments: [], lans: [], peers: [] },
}

function formOf(traffic: Traffic, forms: TrafficForms): TrafficForm {
  const text = JSON.stringify(traffic)
  const there = forms.get(text)
  if (there !== undefined) return there
  const config = { ...bare, ...traffic }
  const form = { parts: partsOf(config), errors: formErrors(config), canonical: null }
  forms.set(text, form)
  return form
}

function canonicalTraffic(traffic: Traffic): Traffic {
  const { acl, applications } = canonicalConfig({ ...bare, ...traffic })
  return {
    ...traffic,
    ...(acl === undefined ? {} : { acl }),
    ...(applications === undefined ? {} : { applications }),
  }
}

function formErrors(config: DeviceConfig): ErrorBody[] {
  const errors = checkForm(config)
  if (errors.length === 0 && !isDeviceConfig(config))
    throw new Error('a form that is not its schema')
  return errors
}
