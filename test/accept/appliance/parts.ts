/** Small parts of the checks of this folder: claims, limits, what a line needs of a box that has been set up. */
import type { SlotsAnswer } from '../../../firmware/model/local-api-slots.ts'
import type { Box } from '../../image/box.ts'
import type { Check } from '../line.ts'

export { claim, noneOf, seconds, within } from '../web-ui/check.ts'

/** A figure that may be no more than so much. */
export function atMost(check: string, limit: number, figure: number, unit: string): Check {
  return {
    ...{ check, target: `≤ ${limit} ${unit}` },
    figure: `${figure.toFixed(1)} ${unit}`,
    isOk: figure <= limit,
  }
}

export async function slotsOf(box: Box): Promise<SlotsAnswer> {
  return box.get<SlotsAnswer>('/api/v1/slots')
}

/** `A 0.1.0 good, runs` */
export function slotsText({ slots }: SlotsAnswer): string {
  return slots
    .map(({ name, version, state, isRunning, isNext }) =>
      [`${name} ${version ?? '-'} ${state}`, ...(isRunning ? ['runs'] : [])]
        .concat(isNext && !isRunning ? ['next'] : [])
        .join(', '),
    )
    .join('; ')
}
