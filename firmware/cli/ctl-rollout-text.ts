/** A rollout as `causeway ctl firmware show` prints it. Pure. */
import type { BoxPhase, RolloutAnswer } from '../model/rollout.ts'
import { hoursText } from '../plan/hours.ts'
import { durationText } from './duration.ts'
import { bytesText, table } from './table.ts'

const words: Readonly<Record<BoxPhase, string>> = {
  ...{ waits: 'waits', told: 'told', downloading: 'downloading', installing: 'installing' },
  ...{ installed: 'installed', restarting: 'restarting', proving: 'proving' },
  ...{ soaking: 'watched', done: 'done', 'went-back': 'went back', refused: 'refused' },
  ...{ unwell: 'worse off', silent: 'silent', 'passed-over': 'passed over', away: 'did not come' },
}

export function rolloutText({ rollout, boxes }: RolloutAnswer, nowMs: number): string {
  if (rollout === null) return 'there was no rollout yet: causeway ctl firmware rollout VERSION\n'
  const { version, state, why, wave, soakMs, hours, by, startedMs } = rollout
  const done = boxes.filter(({ phase }) => phase === 'done').length
  const soak = `watched for ${durationText(soakMs / 1_000)}`
  const at = hours === null ? '' : `, new starts ${hoursText(hours)} UTC`
  const head = `${version}: ${state}, ${done} of ${boxes.length} done; ${wave} at once, ${soak}${at}; by ${by}, ${new Date(startedMs).toISOString().slice(0, 16)}\n`
  const reason = why === null ? '' : `halted by ${why.site}: ${why.code} ${why.message}\n`
  const rows = boxes
    .toSorted((a, b) => Number(b.isCanary) - Number(a.isCanary) || (a.site < b.site ? -1 : 1))
    .map((box) => [
      ...[box.site, box.deviceId.slice(0, 8), box.isUp ? 'up' : 'away'],
      ...[box.running === '' ? '–' : box.running, words[box.phase]],
      durationText(Math.max(0, nowMs - box.sinceMs) / 1_000),
      [
        ...(box.isCanary ? ['canary'] : []),
        ...(box.phase === 'downloading' ? [bytesText(box.bytes)] : []),
        ...(box.why === null ? [] : [`${box.why.code} ${box.why.message}`]),
      ].join('; '),
    ])
  return `${head}${reason}${table(['SITE', 'BOX', 'LINK', 'RUNS', 'STATE', 'FOR', ''], rows)}`
}
