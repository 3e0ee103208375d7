/** The page about device.yaml says what the firmware does: it is made from the same tables, and is not stale. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configDocument, documentPath } from '../../build/config-document.ts'
import { configCodes } from '../../firmware/model/config-code.ts'
import { configRules } from '../../firmware/model/config-rule.ts'
import { errorTable } from '../../firmware/model/errors.ts'

const changeCodes = [
  ...['CONFIG_TRUNCATED', 'CONFIG_REVISION_OLD', 'CONFIG_PENDING', 'CONFIG_NOT_PENDING'],
  ...['CONFIG_NO_FALLBACK', 'CONFIG_CONFLICT', 'CONFIG_NOT_APPLIED', 'CONFIG_UNCONFIRMED'],
  'CONFIG_SECRET_HIDDEN',
]

test('CONFIG.md is what build/config-document.ts makes now', () => {
  const stale = 'stale: run node build/config-document.ts'
  assert.equal(readFileSync(documentPath, 'utf8') === configDocument(), true, stale)
})

test('it has every code of the table, every rule, and an example wherever a document can earn the code', () => {
  const page = configDocument()
  const codes = Object.keys(errorTable).filter((code) => code.startsWith('CONFIG_'))
  assert.deepEqual(Object.keys(configCodes).toSorted(), codes.toSorted())
  /** These are about the file or about its change, not about what is in it. */
  const withoutExample = new Set(['CONFIG_SYNTAX', 'CONFIG_UNREADABLE', 'CONFIG_TOO_LARGE'])
  for (const code of changeCodes) withoutExample.add(code)
  for (const code of codes) {
    const section = page.split(`\n### ${code}\n`)[1]?.split('\n### ')[0] ?? ''
    assert.match(section, /\*What to do:\* \S/, code)
    assert.equal(section.includes(`\n→ ${code} /`), !withoutExample.has(code), code)
  }
  const shown = Object.keys(errorTable).filter((code) => /^(API|SESSION|STORE|WIRE)_/.test(code))
  for (const code of shown)
    assert.match(page, new RegExp(`^\\| ${code} \\| \\S.* \\| \\S.* \\|$`, 'm'))
  for (const [, sentence] of Object.values(configRules)) assert.ok(page.includes(sentence))
})
