/** Says of a password, as it is typed, why it will not do. The box decides again. Pure; NIST SP 800-63B §5.1.1.2. */
import { passwordCharacters } from '../../../firmware/model/user.ts'
import { firstRunText } from '../../text/en-first-run.ts'

const { least, most } = passwordCharacters

/** Null: it will do. */
export function passwordFault(password: string, name: string): string | null {
  const text = firstRunText.password
  if (password.length < least) return text.short(least - password.length)
  if (password.length > most) return text.long
  const lower = password.toLowerCase()
  const isPlain = new Set(lower).size < 5 || '012345678901234567890'.includes(lower)
  const isName = name !== '' && lower.replaceAll(name.toLowerCase(), '').length < 6
  return isPlain || isName || /^(password|causeway)+\d*$/.test(lower) ? text.easy : null
}
