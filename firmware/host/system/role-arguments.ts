/** What a role of the firmware is started with: `[--instance NAME] [--root DIR]`. */
import { parseArgs } from 'node:util'
import { defaultInstance, isInstanceName, type Places, placesOf } from './places.ts'

export type RoleArguments =
  | { readonly places: Places }
  | { readonly places: null; readonly problem: string }

export function readRoleArguments(argv: readonly string[]): RoleArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        instance: { type: 'string', default: defaultInstance },
        root: { type: 'string', default: '/' },
      },
    })
    if (isInstanceName(values.instance)) return { places: placesOf(values.instance, values.root) }
    return { places: null, problem: `'${values.instance}' names no instance` }
  } catch (error) {
    return { places: null, problem: error instanceof Error ? error.message : String(error) }
  }
}
