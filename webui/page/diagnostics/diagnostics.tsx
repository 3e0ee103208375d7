/** The page about diagnostics: a tab for each kind of question; each tab has an address of its own. */
import { useEffect, useRef } from 'preact/hooks'
import type { LocalPermission } from '../../../firmware/model/local-permission.ts'
import { goTo, route } from '../../live/route.ts'
import { may } from '../../live/session.ts'
import { PageHead } from '../../part/page-head.tsx'
import { Tabs } from '../../part/tabs.tsx'
import { frameText } from '../../text/en.ts'
import { diagnosticsText as text } from '../../text/en-diagnostics.ts'
import { CaptureTab } from './capture-tab.tsx'
import './diagnostics.css'
import { ExplainTab } from './explain-tab.tsx'
import { FlowsTab } from './flows-tab.tsx'
import { LogTab } from './log-tab.tsx'
import { ReachTab } from './reach-tab.tsx'
import { SupportTab } from './support-tab.tsx'

const tabs = {
  explain: ExplainTab,
  reach: ReachTab,
  capture: CaptureTab,
  flows: FlowsTab,
  log: LogTab,
  support: SupportTab,
} as const
type TabId = keyof typeof tabs

const needs: Readonly<Record<TabId, LocalPermission>> = {
  ...({ explain: 'diagnose', reach: 'diagnose', flows: 'diagnose' } as const),
  ...({ capture: 'capture', log: 'log.read', support: 'log.read' } as const),
}

export function Page() {
  const ids = (Object.keys(tabs) as TabId[]).filter((id) => may(needs[id]))
  const [, asked] = route.value
  const id = ids.find((one) => one === asked) ?? ids[0] ?? 'explain'
  const Tab = tabs[id]
  const place = useRef<HTMLDivElement>(null)
  // On a phone the row of tabs is wider than the page.
  useEffect(() => {
    const chosen = place.current?.querySelector('[role="tab"][aria-selected="true"]')
    chosen?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [id])
  return (
    <div class="diagnostics" ref={place}>
      <PageHead title={frameText.pages.diagnostics} about={text.about} />
      <Tabs
        label={text.tabsLabel}
        tabs={ids.map((one) => ({ id: one, label: text.tabs[one] }))}
        value={id}
        onChange={(next) => goTo('diagnostics', next)}
      >
        <Tab />
      </Tabs>
    </div>
  )
}
