/** Something is on its way. */
import { partText } from '../text/en.ts'

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {partText.loading}
    </div>
  )
}
