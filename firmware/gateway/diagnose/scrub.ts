/**
 * The last look at a text before it leaves the box: what has the form of a secret, or is one that the box knows, is hidden. No
 * part should hold any; this is for the one that does all the same. Pure.
 */

const hidden = '<hidden>'

/** In names whose values nobody may see, however they are written: `preSharedKey`, `private_key`, `api-token`. Bounded: texts are long. */
const secretName =
  '(?:psk|pre[-_]?shared[-_]?key|private[-_]?key|secret|password|passwd|passphrase|token|cookie|authorization|csrf)[\\w-]{0,32}'
const value = '"(?:[^"\\\\\\n]|\\\\.)*"|\'[^\'\\n]*\'|[^\\s,;}\\]"\']+(?:[ \\t]+[^\\s,;}\\]"\'#]+)*'
/** Within a text of JSON, which escapes the quotes. */
const escapedValue = '\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"'

/** In order: what is found as a whole goes before its parts. */
const forms: readonly (readonly [form: RegExp, instead: string])[] = [
  [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    hidden,
  ],
  // A block of YAML.
  [
    new RegExp(`(${secretName}:[ \\t]*)[|>][+-]?\\d?[ \\t]*\\n(?:[ \\t]+\\S.*\\n?)+`, 'gi'),
    `$1${hidden}\n`,
  ],
  // A header of HTTP: all of its line.
  [/\b(set-cookie|cookie|authorization)([ \t]*:[ \t]*)[^\n"]+/gi, `$1$2${hidden}`],
  // As JSON, YAML or key=value.
  [
    new RegExp(`(${secretName}(?:\\\\?["'])?[ \\t]*[:=][ \\t]*)(?:${escapedValue}|${value})`, 'gi'),
    `$1${hidden}`,
  ],
  [/\b(Bearer|Basic|Digest)[ \t]+[A-Za-z0-9+/=._~-]{8,}/gi, `$1 ${hidden}`],
  [/(:\/\/[^\s:@/]{0,128}):[^\s@/]{1,256}@/g, `$1:${hidden}@`],
]

/** @param secrets such as the box knows, in each form in which they could be written; short ones are no secrets */
export function scrub(text: string, secrets: readonly string[]): string {
  const formed = forms.reduce((done, [form, instead]) => done.replaceAll(form, instead), text)
  return secrets
    .filter(({ length }) => length >= 8)
    .reduce((done, secret) => done.replaceAll(secret, hidden), formed)
}

/** Bytes as they could be written. */
export function spellings(bytes: Uint8Array): readonly string[] {
  const base64 = bytes.toBase64()
  return [
    base64,
    base64.replace(/=+$/, ''),
    bytes.toBase64({ alphabet: 'base64url' }),
    bytes.toHex(),
    bytes.toHex().toUpperCase(),
  ]
}
