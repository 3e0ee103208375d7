/** The page about system: not built yet. */
import { PageHead } from '../../part/page-head.tsx'
import { frameText } from '../../text/en.ts'

export function Page() {
  return <PageHead title={frameText.pages.system} />
}
