/** The box itself, a section a tab: those that somebody's role may see. */
import type { ComponentType } from 'preact'
import type { LocalPermission } from '../../../firmware/model/local-permission.ts'
import { goTo, route } from '../../live/route.ts'
import { may } from '../../live/session.ts'
import { PageHead } from '../../part/page-head.tsx'
import { Tabs } from '../../part/tabs.tsx'
import { frameText } from '../../text/en.ts'
import { systemText } from '../../text/en-system.ts'
import { Audit } from './audit.tsx'
import { Backup } from './backup.tsx'
import { Certificates } from './certificates.tsx'
import { Firmware } from './firmware.tsx'
import { People } from './people.tsx'
import { Restart } from './restart.tsx'
import { Machine } from './status.tsx'
import { Time } from './time.tsx'
import './system.css'

type Section = keyof typeof systemText.tabs

const sections: readonly (readonly [Section, LocalPermission, ComponentType])[] = [
  ['status', 'status.read', Machine],
  ['time', 'status.read', Time],
  ['certificates', 'status.read', Certificates],
  ['users', 'status.read', People],
  ['audit', 'audit.read', Audit],
  ['backup', 'backup', Backup],
  ['firmware', 'status.read', Firmware],
  ['restart', 'restart', Restart],
]

export function Page() {
  const [, wanted] = route.value
  const open = sections.filter(([, needs]) => may(needs))
  const [id, , Shown] = open.find(([section]) => section === wanted) ?? open[0] ?? sections[0]!
  return (
    <>
      <PageHead title={frameText.pages.system} about={systemText.about} />
      <Tabs
        label={systemText.sections}
        tabs={open.map(([section]) => ({ id: section, label: systemText.tabs[section] }))}
        value={id}
        onChange={(section) => goTo('system', section)}
      >
        <div class="stack system-panel">
          <Shown />
        </div>
      </Tabs>
    </>
  )
}
