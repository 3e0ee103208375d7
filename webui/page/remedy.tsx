/** What to do about something, with the way to the page where it is done; whoever may not go there is told whom to ask. */
import type { LocalPermission } from '../../firmware/model/local-permission.ts'
import { linkTo } from '../live/route.ts'
import { may } from '../live/session.ts'
import { Words } from '../part/words.tsx'
import { frameText } from '../text/en.ts'
import { remedyText } from '../text/remedy.ts'

/** Which remedies name. */
const named = {
  system: 'status.read',
  diagnostics: 'diagnose',
  policies: 'config.read',
  lans: 'config.read',
} as const
const needs = new Map<string, LocalPermission>(Object.entries(named))

/** @param text in which `[system]` names a page by its path */
export function Remedy({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(/[[\]]/).map((part) => {
        const permission = needs.get(part)
        if (permission === undefined) return <Words key={part} text={part} />
        if (!may(permission)) return remedyText.ask
        return (
          <a key={part} href={linkTo(part)}>
            {frameText.pages[part as keyof typeof named]}
          </a>
        )
      })}
    </>
  )
}
