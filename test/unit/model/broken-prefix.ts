/** What broken-config.ts has of the rules for prefixes behind peers. */
import type { ConfigRule } from '../../../firmware/model/config-rule.ts'
import { sampleWireKey } from './sample-config.ts'

const first = '/peers/1/segments/office/0'
const second = '/peers/0/segments/office/2'

/** One more than may have a prefix. */
const alikeHubs = Array.from({ length: 5 }, (_, at) => ({
  name: `hub-${at}`,
  wireKey: sampleWireKey(20 + at),
  role: 'hub',
  endpoints: [],
  segments: { office: ['10.0.0.0/16'], cameras: [] },
}))

interface Broken {
  readonly rule: ConfigRule
  readonly at: string
  readonly change: Readonly<Record<string, unknown>>
}

export const brokenPrefixes: readonly Broken[] = [
  { rule: 'prefix-form', at: first, change: { [first]: '10.7.0.0' } },
  { rule: 'prefix-form', at: first, change: { [first]: 'fd00::/129' } },
  { rule: 'prefix-exact', at: first, change: { [first]: '10.7.0.1/24' } },
  { rule: 'prefix-exact', at: first, change: { [first]: 'fd07::1/64' } },
  { rule: 'prefix-routable', at: first, change: { [first]: '::/0' } },
  { rule: 'prefix-routable', at: first, change: { [first]: '224.0.0.0/4' } },
  { rule: 'prefix-routable', at: first, change: { [first]: 'fe80::/64' } },
  {
    rule: 'prefix-one-site',
    at: first,
    change: { '/peers/0/role': 'site', '/peers/0/transit': false, [first]: '10.0.0.0/16' },
  },
  { rule: 'prefix-once', at: second, change: { [second]: '10.0.0.0/16' } },
  { rule: 'prefix-once', at: second, change: { [second]: 'fd00:0::/48' } },
  {
    rule: 'transit-of-hub',
    at: '/peers/1/transit',
    change: { '/peers/1/transit': true },
  },
  { rule: 'prefix-peers', at: '/peers/4/segments/office/0', change: { '/peers': alikeHubs } },
]
