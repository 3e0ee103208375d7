/** A configuration as text that people can read, and that parse.ts reads as the same one. */
import { stringify } from 'yaml'
import { DeviceConfig } from '../../model/device-config.ts'

/** @param remark above it: a sentence without line breaks */
export function renderConfig(config: DeviceConfig, remark: string): string {
  const names = Object.keys(DeviceConfig.properties) as (keyof DeviceConfig)[]
  const parts = names.filter((name) => config[name] !== undefined)
  const ordered = Object.fromEntries(parts.map((name) => [name, nameFirst(config[name])]))
  const form = {
    schema: 'core',
    version: '1.2',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  } as const
  return `# ${remark}\n${stringify(ordered, form)}`
}

/** What a thing is called stands above what it is. */
function nameFirst(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nameFirst)
  if (typeof value !== 'object' || value === null) return value
  const { name, ...rest } = value as Readonly<Record<string, unknown>>
  const parts = Object.entries(rest).map(([key, part]) => [key, nameFirst(part)])
  return { ...(name === undefined ? {} : { name }), ...Object.fromEntries(parts) }
}
