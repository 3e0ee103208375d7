/** Ways to the pages: a rail on what is wide, a bar and a sheet on a phone. Only those that the role may see. */
import { useRef } from 'preact/hooks'
import { linkTo, route } from '../live/route.ts'
import { type Scheme, scheme } from '../live/scheme.ts'
import { may, session, signOut } from '../live/session.ts'
import { status } from '../live/status.ts'
import type { PageEntry } from '../page/page.ts'
import { pages } from '../page/pages.ts'
import { Button } from '../part/button.tsx'
import { Choice } from '../part/choice.tsx'
import { Icon, Mark } from '../part/icon.tsx'
import { frameText } from '../text/en.ts'

const groups = ['site', 'network', 'box'] as const

function shownPages(): readonly PageEntry[] {
  return pages.filter(({ needs }) => may(needs))
}

export function Rail() {
  return (
    <header class="rail">
      <a class="mark" href="#/">
        <Mark />
        <span>
          <span class="mark-name">{frameText.product}</span>
          <span class="mark-site">{status.value?.site ?? ''}</span>
        </span>
      </a>
      <nav aria-label={frameText.navigation}>
        <Links />
      </nav>
      <div class="rail-foot">
        <Who />
      </div>
    </header>
  )
}

function Links({ onFollow }: { readonly onFollow?: () => void }) {
  const [first = ''] = route.value
  const shown = shownPages()
  return (
    <>
      {groups.map((group) => {
        const those = shown.filter((page) => page.group === group)
        if (those.length === 0) return null
        return (
          <div key={group}>
            <p class="rail-group">{frameText.groups[group]}</p>
            <ul>
              {those.map(({ path, title, icon }) => (
                <li key={path}>
                  <a
                    class="nav-link"
                    href={linkTo(path)}
                    aria-current={path === first ? 'page' : undefined}
                    onClick={onFollow}
                  >
                    <Icon name={icon} />
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </>
  )
}

function Who() {
  const { value } = session
  if (value.kind !== 'signed-in') return null
  return (
    <>
      <p class="who">
        {value.name}, {frameText.roles[value.role]}
      </p>
      <div class="rail-scheme">
        <Choice<Scheme>
          label={frameText.scheme}
          value={scheme.value}
          options={[
            ['auto', <Icon key="auto" name="auto" size={16} />, frameText.schemes.auto],
            ['light', <Icon key="light" name="sun" size={16} />, frameText.schemes.light],
            ['dark', <Icon key="dark" name="moon" size={16} />, frameText.schemes.dark],
          ]}
          onChange={(value) => {
            scheme.value = value
          }}
        />
        <Button
          kind="quiet"
          icon="sign-out"
          isSmall
          label={frameText.signOut}
          onClick={() => void signOut()}
        />
      </div>
    </>
  )
}

/** On a phone: the first three pages, and all of them in a sheet. */
export function Bar() {
  const sheet = useRef<HTMLDialogElement>(null)
  const [first = ''] = route.value
  const near = shownPages().slice(0, 3)
  const isFar = !near.some(({ path }) => path === first)
  return (
    <>
      <nav class="bar" aria-label={frameText.navigation}>
        {near.map(({ path, title, shortTitle = title, icon }) => (
          <a
            key={path}
            class="bar-link"
            href={linkTo(path)}
            aria-current={path === first ? 'page' : undefined}
          >
            <Icon name={icon} size={22} />
            {shortTitle}
          </a>
        ))}
        <button
          type="button"
          class="bar-link"
          aria-haspopup="dialog"
          aria-current={isFar ? 'page' : undefined}
          onClick={() => sheet.current?.showModal()}
        >
          <Icon name="more" size={22} />
          {frameText.more}
        </button>
      </nav>
      <dialog ref={sheet} class="sheet" aria-label={frameText.morePages} closedby="any">
        <div class="sheet-head">
          <span class="mark-name">{status.value?.site ?? frameText.product}</span>
          <Button
            kind="quiet"
            icon="close"
            label={frameText.close}
            onClick={() => sheet.current?.close()}
          />
        </div>
        <Links onFollow={() => sheet.current?.close()} />
        <div class="sheet-foot">
          <Who />
        </div>
      </dialog>
    </>
  )
}
