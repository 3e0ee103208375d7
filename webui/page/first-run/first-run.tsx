/** The first run: not built yet. */
import { PageHead } from '../../part/page-head.tsx'
import { frameText } from '../../text/en.ts'

export function FirstRun() {
  return (
    <main class="alone">
      <PageHead title={frameText.product} />
    </main>
  )
}
