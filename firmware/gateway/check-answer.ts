/** What a configuration would be told if it were handed in, and what it would change, without its being tried. */
import { diffConfigs } from '../model/config-diff.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError, type ErrorBody } from '../model/errors.ts'
import {
  type CheckAnswer,
  type ConfigDifference,
  mostDifferences,
} from '../model/local-api-config.ts'
import { hiddenSecret, hideSecrets, secretFields } from '../model/secret-field.ts'
import { configWarnings } from '../plan/config-warning.ts'

export interface CheckGround {
  readonly running: DeviceConfig | null
  /** The lowest that is free. */
  readonly nextRevision: number
}

/** @param read the configuration; throws what is wrong with it, as CONFIG_ errors. Others pass through */
export function checkAnswer(
  read: () => DeviceConfig,
  { running, nextRevision }: CheckGround,
): CheckAnswer {
  const config = problemsOr(read)
  if (Array.isArray(config)) {
    return { problems: config, warnings: [], differences: [], differenceCount: 0 }
  }
  const isOld = running !== null && config.revision < nextRevision
  const message = `must be above ${nextRevision - 1}, which has been used here`
  const old: ErrorBody = { code: 'CONFIG_REVISION_OLD', message, path: '/revision' }
  const differences = diffConfigs(running ?? {}, config).map(shown)
  return {
    problems: isOld ? [old] : [],
    warnings: configWarnings(config),
    differences: differences.slice(0, mostDifferences),
    differenceCount: differences.length,
  }
}

function problemsOr(read: () => DeviceConfig): DeviceConfig | ErrorBody[] {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CausewayError) || !error.code.startsWith('CONFIG_')) throw error
    return error.errors === undefined ? [error.toJSON()] : [...error.errors]
  }
}

/** That a secret is another one is told, but none of both. */
function shown({ path, before, after }: ReturnType<typeof diffConfigs>[number]): ConfigDifference {
  const isSecret = path.split('/').some((name) => secretFields.has(name))
  const told = (value: unknown): unknown => (isSecret ? hiddenSecret : hideSecrets(value))
  return {
    path,
    ...(before === undefined ? {} : { before: told(before) }),
    ...(after === undefined ? {} : { after: told(after) }),
  }
}
