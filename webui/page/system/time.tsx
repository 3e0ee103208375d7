/** The box's clock, who keeps it right, and whether it agrees with that of whoever looks. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClockAnswer } from '../../../firmware/model/local-api-system.ts'
import { Badge } from '../../part/badge.tsx'
import { Card } from '../../part/card.tsx'
import { KeyValue } from '../../part/key-value.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { systemText } from '../../text/en-system.ts'
import { delay } from '../../text/format.ts'
import { useSystem } from './status.tsx'

const text = systemText.time
/** Less is the way between the two. */
const leastDifferenceSeconds = 5

export function Time() {
  const { value, error } = useSystem()
  if (value === null) return error === null ? <Loading /> : <ErrorNotice error={error} />
  return <Clock clock={value.clock} />
}

function Clock({ clock }: { readonly clock: ClockAnswer }) {
  const { nowSeconds, zone, isSynchronised, by, server, stratum } = clock
  const gapSeconds = useGap(nowSeconds)
  const isAstray = Math.abs(gapSeconds) > leastDifferenceSeconds
  const state = isSynchronised === null ? 'unknown' : isSynchronised ? 'yes' : 'no'
  const tone = { yes: 'good', no: 'warn', unknown: 'idle' } as const
  return (
    <Card title={text.title} actions={<Badge tone={tone[state]}>{text.states[state]}</Badge>}>
      <div class="stack">
        {isSynchronised === false && (
          <Notice tone="warn" title={text.wrong}>
            {text.wrongText}
          </Notice>
        )}
        {isAstray && (
          <Notice tone="warn" title={text.differs(Math.abs(gapSeconds))}>
            {text.differsText}
          </Notice>
        )}
        <KeyValue
          items={[
            [text.now, <Running key="now" gapSeconds={gapSeconds} zone={zone} />],
            [text.zone, zone],
            [text.by, text.byWhom[by]],
            [text.server, server],
            [text.stratum, stratum],
            [
              text.offset,
              clock.offsetSeconds === null ? null : delay(Math.abs(clock.offsetSeconds)),
            ],
            [text.error, clock.errorSeconds === null ? null : delay(clock.errorSeconds)],
          ]}
        />
      </div>
    </Card>
  )
}

/** By how much the box is ahead of this device, as of when it said what time it is. */
function useGap(nowSeconds: number): number {
  const read = useRef({ nowSeconds: Number.NaN, gap: 0 })
  if (read.current.nowSeconds !== nowSeconds) {
    read.current = { nowSeconds, gap: nowSeconds - Date.now() / 1000 }
  }
  return read.current.gap
}

function Running({ gapSeconds, zone }: { readonly gapSeconds: number; readonly zone: string }) {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  const at = new Date(Date.now() + gapSeconds * 1000)
  return (
    <time dateTime={at.toISOString()} class="running">
      {at.toLocaleString('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  )
}
