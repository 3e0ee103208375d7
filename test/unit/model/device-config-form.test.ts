/**
 * Every constraint of the schema, found by walking it, has a document made here that breaks it alone: it earns a coded
 * error at the right place, in words that say what is expected. Our words and typebox's verdict never disagree.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import {
  checkForm,
  deviceConfigForm,
  isDeviceConfig,
} from '../../../firmware/model/device-config-check.ts'
import { type Constraint, constraintsOf } from '../../../firmware/model/device-config-form.ts'
import type { ErrorCode } from '../../../firmware/model/errors.ts'
import { type Change, changed } from './broken-config.ts'
import { wholeConfig } from './sample-config.ts'

/** The first place in the sample that a pattern fits. */
function placeOf(pattern: string): string {
  const search = (value: unknown, tokens: readonly string[]): string[] | null => {
    const [token, ...rest] = tokens
    if (token === undefined) return []
    if (typeof value !== 'object' || value === null) return null
    const isAny = token === '*' || token === '~'
    for (const key of isAny ? Object.keys(value) : [token]) {
      if (!(key in value)) continue
      const found = search((value as Record<string, unknown>)[key], rest)
      if (found !== null) return [key, ...found]
    }
    return null
  }
  const found = search(wholeConfig(), pattern.split('/').slice(1))
  assert.ok(found, `the sample has no ${pattern}`)
  return found.map((token) => `/${token}`).join('')
}

interface Case {
  readonly at: string
  readonly code: ErrorCode
  readonly change: Change
}

function casesOf({ at: pattern, keyword, schema }: Constraint): Case[] {
  const at = placeOf(pattern)
  const { errorCode: code = 'CONFIG_INVALID', minimum = 0, maximum = 0 } = schema
  const set = (value: unknown, as: ErrorCode = code): Case[] => [
    { at, code: as, change: { [at]: value } },
  ]
  switch (keyword) {
    case 'type':
      return [...set(schema.type === 'boolean' ? 'yes' : true), ...set(null)]
    case 'const':
    case 'anyOf':
      return set('x')
    case 'pattern':
      return set('§')
    case 'maxLength':
      return set('a'.repeat(schema.maxLength! + 1))
    case 'minimum':
      return set(minimum - 1)
    case 'maximum':
      return set(maximum + 1)
    case 'minItems':
      return set([])
    case 'maxItems':
      return set(new Array(schema.maxItems! + 1).fill(0), 'CONFIG_TOO_MANY')
    case 'maxProperties': {
      const names = Array.from({ length: schema.maxProperties! + 1 }, (_, name) => [`s${name}`, []])
      return set(Object.fromEntries(names), 'CONFIG_TOO_MANY')
    }
    case 'required':
      return schema.required!.map((name) => {
        const gone = `${at}/${name}`
        return { at: gone, code: 'CONFIG_MISSING_FIELD', change: { [gone]: undefined } }
      })
    case 'additionalProperties': {
      const more = `${at}/colour`
      return [{ at: more, code: 'CONFIG_UNKNOWN_FIELD', change: { [more]: 'red' } }]
    }
    default:
      throw new Error(`no case for ${keyword}`)
  }
}

const constraints = constraintsOf(deviceConfigForm).filter(({ at }) => at !== '')

test('every constraint of the schema is told by its code, at its place, and nothing else is', () => {
  assert.ok(constraints.length > 150, `${constraints.length}`)
  for (const constraint of constraints) {
    for (const { at, code, change } of casesOf(constraint)) {
      const { errors } = parseDeviceConfig(JSON.stringify(changed(change)))
      const about = `${constraint.keyword} ${JSON.stringify(change).slice(0, 100)}`
      assert.deepEqual(
        errors.map((error) => [error.code, error.path]),
        [[code, at]],
        about,
      )
      assert.ok(!/[\^$\\]/.test(errors[0]!.message), `${about}: ${errors[0]!.message}`)
    }
  }
})

test('the document as a whole must be fields, and has no others than ours', () => {
  const told = (document: string): (string | undefined)[][] =>
    parseDeviceConfig(document).errors.map(({ code, path }) => [code, path])
  assert.deepEqual(told('[]'), [['CONFIG_INVALID', '']])
  assert.deepEqual(told('text'), [['CONFIG_INVALID', '']])
  assert.deepEqual(told(JSON.stringify({ ...wholeConfig(), 'a/b~c': 1 })), [
    ['CONFIG_UNKNOWN_FIELD', '/a~1b~0c'],
  ])
  for (const [place, name] of [
    ['/uplinks/1', 'pppoe'],
    ['/peers/0', 'psk'],
  ] as const) {
    const document = JSON.stringify(changed({ [`${place}/${name}`]: 1 }))
    assert.deepEqual(told(document), [['CONFIG_UNSUPPORTED', `${place}/${name}`]])
  }
})

test('messages say what is expected, with an example, and what is there instead', () => {
  for (const [at, value, message] of [
    [
      '/uplinks/0/address',
      5,
      'must be \'dhcp\' or a list of addresses, like [192.0.2.2/24, "2001:db8::2/64"]; this is a number',
    ],
    [
      '/uplinks/0/address',
      'dhpc',
      'must be \'dhcp\' or a list of addresses, like [192.0.2.2/24, "2001:db8::2/64"]',
    ],
    [
      '/lans/0/address/0',
      '10.1',
      'must be an address with its prefix length, like 10.1.0.1/24 or fd00:1::1/64',
    ],
    ['/overlay/port', '51820', 'must be a whole number from 1024 to 65535; this is text'],
    ['/acl/0/action', 'permit', 'must be allow or deny'],
    ['/acl/0/protocol', 'esp', 'must be tcp, udp, icmp or a number from 1 to 255, like tcp or 47'],
    ['/uplinks/0/gateway', null, 'must be an IPv4 address, like 192.0.2.1; this is empty'],
    ['/segments/0/breakout', 'maybe', 'must be true or false; this is text'],
    ['/lans/0/dhcp', true, 'must be fields: from, to; this is true or false'],
    ['/uplinks', [], 'must be a list of 1 to 8 entries'],
    ['/policies/0/loss', 0, 'must be a number from 0.01 to 100'],
    ['/policies/0/loss', '1 %', 'must be a number from 0.01 to 100; this is text'],
    [
      '/policies/0/for/dscp/0',
      'af44',
      'must be a code point: be, ef, cs0 to cs7, af11 to af43 or a number from 0 to 63, like ef or 34',
    ],
    [
      '/applications/1/names/0',
      'https://crm.example.com',
      "must be a host name of at most 63 small letters, or one behind `*.`, like crm.example.com or '*.example.com'",
    ],
  ] as const) {
    const { errors } = parseDeviceConfig(JSON.stringify(changed({ [at]: value })))
    assert.equal(errors[0]?.message, message)
  }
})

test('there is something to say exactly when typebox refuses', () => {
  const places = constraints.map(({ at }) => placeOf(at))
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('dhcp', 'tcp', '80-90', 0, 1, 1280, 65_535, [], {}, ['10.0.0.1/8'], 'status'),
  )
  fc.assert(
    fc.property(fc.constantFrom(...places), value, (at, put) => {
      const document = changed({ [at]: put })
      return (checkForm(document).length === 0) === isDeviceConfig(document)
    }),
    { numRuns: 2_000 },
  )
})
