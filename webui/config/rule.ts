/** What may be called so, as the model says it: for fields that tell it as somebody types. Pure. */
import { namePattern } from '../../firmware/model/device-config-fields.ts'

const form = new RegExp(namePattern)

/** Of users, tokens, sites. */
export function isName(text: string): boolean {
  return form.test(text)
}
