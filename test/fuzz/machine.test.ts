/** What an admin writes and what the machine's tools print: no text leads to anything but a value or coded errors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseDeviceConfig } from '../../firmware/host/config/parse.ts'
import {
  readFeatures,
  readFirewall,
  readLinks,
  readRoutes,
  readRules,
} from '../../firmware/host/net/reading.ts'
import { errorTable } from '../../firmware/model/errors.ts'
import { sampleConfig, wholeConfig } from '../unit/model/sample-config.ts'
import { numRuns, readsOrRefuses } from './bytes.ts'

const texts = [sampleConfig(), wholeConfig()].map((config) => stringify(config))

/** A configuration with a few characters elsewhere, gone or new. */
const bentText = fc
  .record({
    text: fc.constantFrom(...texts),
    edits: fc.array(fc.tuple(fc.nat(), fc.nat(8), fc.string({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ text, edits }) =>
    edits.reduce((now, [where, gone, put]) => {
      const at = where % (now.length + 1)
      return now.slice(0, at) + put + now.slice(at + gone)
    }, text),
  )

/** A configuration in which one value, anywhere, is another. */
const bentValue = fc
  .record({
    config: fc.constantFrom(sampleConfig(), wholeConfig()),
    where: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    value: fc.jsonValue({ maxDepth: 2 }),
  })
  .map(({ config, where, value }) => `${stringify(replaced(config, where, value))}`)

/** What every object has, or what is asked of it behind everybody's back. */
const hostileNames = [
  ...['toString', 'valueOf', 'toJSON', '__proto__', 'constructor', 'hasOwnProperty', 'prototype'],
  ...['length', 'then'],
]

/** A configuration in which one value, each as often as any other, is fields with such names, or has them as well. */
const hostileFields = fc
  .record({
    config: fc.constantFrom(sampleConfig(), wholeConfig()),
    where: fc.nat(),
    names: fc.subarray(hostileNames, { minLength: 1 }),
    value: fc.jsonValue({ maxDepth: 1 }),
    isBeside: fc.boolean(),
  })
  .map(({ config, where, names, value, isBeside }) => {
    const all = placesIn(config)
    const { node, steps } = all[where % all.length]!
    const fields = Object.fromEntries(names.map((name) => [name, value]))
    // Spread, a field of the name __proto__ stays one.
    const isFields = typeof node === 'object' && node !== null && !Array.isArray(node)
    return JSON.stringify(
      replaced(config, steps, isBeside && isFields ? { ...node, ...fields } : fields),
    )
  })

interface PlaceIn {
  readonly node: unknown
  /** As `replaced` takes them. */
  readonly steps: readonly number[]
}

function placesIn(node: unknown, steps: readonly number[] = []): PlaceIn[] {
  const inner = typeof node === 'object' && node !== null ? Object.values(node) : []
  return [
    { node, steps },
    ...inner.flatMap((value: unknown, step) => placesIn(value, [...steps, step])),
  ]
}

function replaced(node: unknown, [step, ...rest]: readonly number[], value: unknown): unknown {
  if (step === undefined || typeof node !== 'object' || node === null) return value
  const keys = Object.keys(node)
  if (keys.length === 0) return value
  const key = keys[step % keys.length]!
  const inner = replaced((node as Record<string, unknown>)[key], rest, value)
  return Array.isArray(node) ? node.with(Number(key), inner) : { ...node, [key]: inner }
}

test('a configuration of any text: parsed, or refused with codes and pointers', () => {
  const anyText = fc.oneof(fc.string({ maxLength: 400 }), bentText, bentValue, hostileFields)
  fc.assert(
    fc.property(anyText, (text) => {
      const { config, errors } = parseDeviceConfig(text)
      assert.equal(config === null, errors.length > 0)
      for (const { code, message, path } of errors) {
        assert.ok(code in errorTable && code.startsWith('CONFIG_'), code)
        assert.ok(message.length > 0)
        assert.ok(path === undefined || path === '' || path.startsWith('/'), `${path}`)
      }
      // What was accepted is accepted again, and is the same.
      if (config !== null) {
        const again = parseDeviceConfig(stringify(config))
        assert.deepEqual(again.config, config, JSON.stringify(again.errors))
      }
    }),
    { numRuns: Math.ceil(numRuns / 2) },
  )
})

test('what ip, ethtool and nft print, or anything else', () => {
  const readers: readonly ((text: string) => unknown)[] = [
    readLinks,
    (text) => readRoutes(text, 4),
    (text) => readRoutes(text, 6),
    (text) => readRules(text, 4),
    readFeatures,
    readFirewall,
  ]
  const json = fc.json({ maxDepth: 4 })
  const lists = fc
    .array(
      fc.dictionary(
        fc.constantFrom('ifname', 'dst', 'addr_info', 'flags', 'nftables', 'features'),
        fc.jsonValue(),
      ),
    )
    .map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(fc.oneof(fc.string(), json, lists), fc.constantFrom(...readers), (text, read) =>
      readsOrRefuses(() => read(text), /^HOST_/),
    ),
    { numRuns },
  )
})
