/** Who waits for an uplink that is kept to a rate: what each class sends, how long it waited, what was dropped. */
import type { UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { QueuedClass } from '../../../firmware/model/local-api-queue.ts'
import { Card } from '../../part/card.tsx'
import { Meter } from '../../part/meter.tsx'
import { Table } from '../../part/table.tsx'
import { Words } from '../../part/words.tsx'
import { uplinksText } from '../../text/en-uplinks.ts'
import { bytes, count, delay, rate } from '../../text/format.ts'

const text = uplinksText.queue

export function QueueCard({ uplink: { isUp, queue } }: { readonly uplink: UplinkStatus }) {
  if (queue === null) {
    return (
      <Card title={text.title}>
        <p class="quiet">{isUp === false ? text.down : <Words text={text.none} />}</p>
      </Card>
    )
  }
  const { rateBitsPerSecond, waitingBytes, classes } = queue
  const shareOf = ({ sentBitsPerSecond }: QueuedClass): number =>
    (sentBitsPerSecond ?? 0) / rateBitsPerSecond
  const { columns } = text
  return (
    <Card title={text.title} about={text.about(rateBitsPerSecond, waitingBytes)} isFlush>
      <Table
        caption={text.title}
        columns={[
          { head: columns.class, cell: (one) => text.classes[one.class], isRowHead: true },
          { head: columns.rate, cell: (one) => rate(one.sentBitsPerSecond), isNumber: true },
          {
            head: columns.share,
            isWide: true,
            cell: (one) => (
              <span class="share">
                <Meter value={shareOf(one)} label={text.shareOf(text.classes[one.class])} />
              </span>
            ),
          },
          { head: columns.wait, cell: (one) => delay(one.delay?.p95Seconds), isNumber: true },
          { head: columns.waiting, cell: (one) => bytes(one.waitingBytes), isNumber: true },
          {
            head: columns.dropped,
            cell: (one) => count(one.droppedByDelay + one.droppedByFull),
            isNumber: true,
          },
        ]}
        rows={classes}
        keyOf={(one) => one.class}
      />
    </Card>
  )
}
