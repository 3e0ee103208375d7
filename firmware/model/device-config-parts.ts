/**
 * Takes the well-formed parts out of a document that may be wrong elsewhere, so that the rules can speak about
 * them: one slip in a file then hides no other.
 */
import { Compile } from 'typebox/schema'
import { AclRule, Api, Dns, Lan, Peer, Segment } from './device-config.ts'
import { Recovery } from './device-config-box.ts'
import { Name } from './device-config-fields.ts'
import { Overlay } from './device-config-overlay.ts'
import { Profile } from './device-config-qos.ts'
import { Application, Policy } from './device-config-steering.ts'
import { Uplink } from './device-config-uplink.ts'

/** A well-formed part of the document, and where it stands (JSON pointer). */
export interface Located<Part> {
  readonly at: string
  readonly part: Part
}

export interface Parts {
  readonly uplinks: readonly Located<Uplink>[]
  readonly segments: readonly Located<Segment>[]
  readonly lans: readonly Located<Lan>[]
  readonly peers: readonly Located<Peer>[]
  readonly acl: readonly Located<AclRule>[]
  readonly applications: readonly Located<Application>[]
  readonly policies: readonly Located<Policy>[]
  readonly profiles: readonly Located<Profile>[]
  /** Null where they are not there, or not well-formed. */
  readonly site: string | null
  readonly overlay: Overlay | null
  readonly dns: Dns | null
  readonly api: Api | null
  readonly recovery: Recovery | null
  /** Whether all entries of a section are among its parts, so that what is not there is indeed not there. */
  readonly isWhole: Readonly<Record<Section, boolean>>
}

type Section = 'uplinks' | 'segments' | 'lans' | 'peers' | 'applications' | 'profiles'

/** Those that may be left out. */
const optional: ReadonlySet<Section> = new Set<Section>(['applications', 'profiles'])

interface Validator<Part> {
  Check(value: unknown): value is Part
}

const validators = {
  uplinks: Compile(Uplink),
  segments: Compile(Segment),
  lans: Compile(Lan),
  peers: Compile(Peer),
  acl: Compile(AclRule),
  applications: Compile(Application),
  policies: Compile(Policy),
  profiles: Compile(Profile),
  site: Compile(Name),
  overlay: Compile(Overlay),
  dns: Compile(Dns),
  api: Compile(Api),
  recovery: Compile(Recovery),
}

export function partsOf(document: unknown): Parts {
  const sections = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  const take = <Part>(
    section: string,
    validator: Validator<Part>,
    most: number,
  ): Located<Part>[] => {
    const list = sections[section]
    if (!Array.isArray(list)) return []
    return list
      .slice(0, most)
      .map((part: unknown, index) => ({ at: `/${section}/${index}`, part }))
      .filter((located): located is Located<Part> => validator.Check(located.part))
  }
  const one = <Part>(section: string, validator: Validator<Part>): Part | null => {
    const part = sections[section]
    return validator.Check(part) ? part : null
  }
  const lists = {
    uplinks: take('uplinks', validators.uplinks, 8),
    segments: take('segments', validators.segments, 32),
    lans: take('lans', validators.lans, 32),
    peers: take('peers', validators.peers, 1024),
    applications: take('applications', validators.applications, 128),
    profiles: take('profiles', validators.profiles, 16),
  }
  const isWhole = (section: Section): boolean => {
    const { [section]: list = optional.has(section) ? [] : undefined } = sections
    const least = section === 'uplinks' ? 1 : 0
    const { length } = lists[section]
    return Array.isArray(list) && list.length === length && length >= least
  }
  return {
    ...lists,
    acl: take('acl', validators.acl, 256),
    policies: take('policies', validators.policies, 31),
    site: one('site', validators.site),
    overlay: one('overlay', validators.overlay),
    dns: one('dns', validators.dns),
    api: one('api', validators.api),
    recovery: one('recovery', validators.recovery),
    isWhole: {
      uplinks: isWhole('uplinks'),
      segments: isWhole('segments'),
      lans: isWhole('lans'),
      peers: isWhole('peers'),
      applications: isWhole('applications'),
      profiles: isWhole('profiles'),
    },
  }
}
