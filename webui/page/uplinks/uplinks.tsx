/** Each uplink: how it is and why, what it has, what stands between it and the Internet, who waits for it, how it was. */
import type { Status } from '../../../firmware/model/local-api.ts'
import type { PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import { useAnswer } from '../../live/answer.ts'
import { goTo, route } from '../../live/route.ts'
import { status } from '../../live/status.ts'
import { Empty } from '../../part/empty.tsx'
import { Figures } from '../../part/figures.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { PageHead } from '../../part/page-head.tsx'
import { Tabs } from '../../part/tabs.tsx'
import { frameText } from '../../text/en.ts'
import { uplinksText } from '../../text/en-uplinks.ts'
import { EntryButton } from '../config/entry-button.tsx'
import { NatCard } from './nat-card.tsx'
import { QueueCard } from './queue-card.tsx'
import { UplinkCard } from './uplink-card.tsx'
import { pathsBy, uplinkState } from './uplink-state.ts'

export function Page() {
  const { value } = status
  const paths = useAnswer<PathsAnswer>('/paths', { everyMs: 10_000 })
  return (
    <>
      <PageHead
        title={frameText.pages.uplinks}
        about={uplinksText.about}
        actions={<EntryButton section="uplinks" name={null} />}
      />
      <ErrorNotice error={paths.error} />
      {value === null ? <Loading /> : <Shown status={value} paths={paths.value} />}
    </>
  )
}

interface ShownProps {
  readonly status: Status
  readonly paths: PathsAnswer | null
}

function Shown({ status: { uplinks, problems }, paths }: ShownProps) {
  const [, wanted] = route.value
  const first = uplinks[0]
  if (first === undefined) {
    return (
      <Empty icon="uplink" title={uplinksText.none}>
        <p>{uplinksText.noneAbout}</p>
      </Empty>
    )
  }
  const uplink = uplinks.find(({ name }) => name === wanted) ?? first
  const its = pathsBy(uplink.name, paths)
  const panel = (
    <div class="stack uplink-panel">
      <UplinkCard uplink={uplink} state={uplinkState(uplink, problems, its)} paths={its} />
      <Figures title={uplinksText.figures} subject="uplinks" names={[uplink.name]} />
      <QueueCard uplink={uplink} />
      <NatCard uplink={uplink} />
    </div>
  )
  if (uplinks.length === 1) return panel
  return (
    <Tabs
      label={uplinksText.choose}
      tabs={uplinks.map((one) => {
        const { tone } = uplinkState(one, problems, pathsBy(one.name, paths))
        return { id: one.name, label: one.name, tone }
      })}
      value={uplink.name}
      onChange={(name) => goTo('uplinks', name)}
    >
      {panel}
    </Tabs>
  )
}
