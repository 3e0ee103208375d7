/** From where somebody asks: for counting, and for people. */
import { sourceKey } from '../../wire/ip.ts'

/** @param address empty: over the API's socket */
export function sourceOf(address: string): string {
  return address === '' ? 'shell' : sourceKey(address)
}

/** For people. */
export function placeOf(address: string): string {
  return address === '' ? 'shell' : address
}
