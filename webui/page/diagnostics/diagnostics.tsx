/** The page about diagnostics: not built yet. */
import { PageHead } from '../../part/page-head.tsx'
import { frameText } from '../../text/en.ts'

export function Page() {
  return <PageHead title={frameText.pages.diagnostics} />
}
