/** What else has to change where a thing is called otherwise: whoever names it. Pure. */
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import type { Edit } from './edit.ts'
import type { Place } from './place.ts'

export type Named = 'segments' | 'uplinks' | 'profiles' | 'applications'

export function renameEdits(config: DeviceConfig, kind: Named, from: string, to: string): Edit[] {
  if (from === to) return []
  switch (kind) {
    case 'segments':
      return segmentEdits(config, from, to)
    case 'uplinks':
      return inPolicies(config, ({ prefer }) => [['prefer', prefer]], from, to)
    case 'applications':
      return inPolicies(
        config,
        ({ for: flows }) => [['for/applications', flows?.applications]],
        from,
        to,
      )
    case 'profiles':
      return config.uplinks.flatMap(({ profile }, index) =>
        wordAt(['uplinks', index, 'profile'], profile, from, to),
      )
  }
}

function segmentEdits(config: DeviceConfig, from: string, to: string): Edit[] {
  const lans = config.lans.flatMap(({ segment }, index) =>
    wordAt(['lans', index, 'segment'], segment, from, to),
  )
  const peers = config.peers.flatMap(({ segments }, index): Edit[] => {
    const prefixes = segments[from]
    if (prefixes === undefined) return []
    const at = ['peers', index, 'segments']
    return [
      { kind: 'set', at: [...at, to], value: prefixes },
      { kind: 'remove', at: [...at, from] },
    ]
  })
  const rules = (config.acl ?? []).flatMap((rule, index) =>
    (['from', 'to'] as const).flatMap((side) =>
      wordAt(['acl', index, side, 'segment'], rule[side].segment, from, to),
    ),
  )
  const policies = inPolicies(
    config,
    ({ for: flows }) => [['for/segments', flows?.segments]],
    from,
    to,
  )
  return [...lans, ...peers, ...rules, ...policies]
}

function inPolicies(
  { policies = [] }: DeviceConfig,
  listsOf: (
    policy: NonNullable<DeviceConfig['policies']>[number],
  ) => readonly (readonly [at: string, list: readonly string[] | undefined])[],
  from: string,
  to: string,
): Edit[] {
  return policies.flatMap((policy, index) =>
    listsOf(policy).flatMap(([at, list]): Edit[] => {
      if (list?.includes(from) !== true) return []
      const value = list.map((name) => (name === from ? to : name))
      return [{ kind: 'set', at: ['policies', index, ...at.split('/')], value }]
    }),
  )
}

function wordAt(at: Place, word: string | undefined, from: string, to: string): Edit[] {
  return word === from ? [{ kind: 'set', at, value: to }] : []
}
