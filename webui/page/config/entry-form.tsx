/**
 * A dialog in which one entry of a list is made or changed: an uplink, a rule, a policy. What is wrong is told by its field as soon
 * as somebody was there; what it would break elsewhere, below.
 */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { type Edit, editsBetween } from '../../config/edit.ts'
import { entryPlace } from '../../config/entry-place.ts'
import { type Place, pointerOf } from '../../config/place.ts'
import { type Problem, problemsAt } from '../../config/problems.ts'
import { type Named, renameEdits } from '../../config/rename.ts'
import type { Value } from '../../config/spell.ts'
import { Button } from '../../part/button.tsx'
import { Dialog } from '../../part/dialog.tsx'
import { Notice } from '../../part/notice.tsx'
import { configText } from '../../text/en-config.ts'
import { sentence } from '../../text/format.ts'
import type { SoundConfiguration } from './use-config.ts'

export interface EntryFormProps<Entry> {
  readonly title: string
  readonly configuration: SoundConfiguration
  /** A list of the configuration, or fields of it. */
  readonly at: Place
  /** Null: a new entry, behind the others. Of fields nothing is asked. */
  readonly index?: number | null
  readonly initial: Entry
  /** Whose names others use. */
  readonly named?: Named
  readonly isRemovable?: boolean
  readonly isWide?: boolean
  readonly onClose: () => void
  readonly children: (form: Form<Entry>) => ComponentChildren
}

export interface Form<Entry> {
  readonly value: Entry
  /** What is undefined is left out of the configuration. */
  readonly set: (change: Partial<Entry>) => void
  /** Of a field, `limit/up`; null: nothing, or nobody was there yet. */
  readonly errorOf: (field: string) => string | null
}

export function EntryForm<Entry extends object>(props: EntryFormProps<Entry>) {
  const { configuration, at, index, isWide, onClose } = props
  // As it was opened: what others change meanwhile changes nothing in it.
  const opened = useRef({
    title: props.title,
    initial: props.initial,
    config: configuration.config,
  })
  const { title, initial, config } = opened.current
  const [value, setValue] = useState(initial)
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [isTried, setTried] = useState(false)
  const [isRefused, setRefused] = useState(false)
  const { place, fate } = entryPlace(config, configuration.config, at, index)
  const isNew = index === null || fate === 'gone'
  const edits = isNew
    ? [insertOf(place, cleaned(value) as Value)]
    : changesOf({ ...props, initial }, place, value)
  const problems = configuration.problemsAfter(edits)
  const pointer = pointerOf(place)

  const form: Form<Entry> = {
    value,
    set: (change) => {
      setValue({ ...value, ...change })
      setTouched(new Set([...touched, ...Object.keys(change)]))
      setRefused(false)
    },
    errorOf: (field) => {
      if (!isTried && !touched.has(field.split('/')[0]!)) return null
      const [problem] = problemsAt(problems, `${pointer}/${field}`)
      return problem === undefined ? null : sentence(problem.message)
    },
  }
  const removal: readonly Edit[] = [{ kind: 'remove', at: place }]
  return (
    <Dialog
      isOpen
      title={title}
      onClose={onClose}
      {...(isWide ? { isWide } : {})}
      onSubmit={() => {
        setTried(true)
        if (problems.length > 0 || !configuration.mayEdit) return
        configuration.edit(edits)
        onClose()
      }}
      actions={
        <>
          {props.isRemovable && !isNew && (
            <span class="foot-start">
              <Button
                kind="danger"
                icon="trash"
                isDisabled={!configuration.mayEdit}
                onClick={() => {
                  if (configuration.problemsAfter(removal).length > 0) return setRefused(true)
                  configuration.edit(removal)
                  onClose()
                }}
              >
                {configText.remove}
              </Button>
            </span>
          )}
          <Button onClick={onClose}>{configText.cancel}</Button>
          <Button kind="primary" type="submit" isDisabled={!configuration.mayEdit}>
            {isNew ? configText.add : configText.done}
          </Button>
        </>
      }
    >
      {!configuration.mayEdit && <Notice isLive>{configText.waits}</Notice>}
      {fate !== 'same' && (
        <Notice tone="warn" isLive>
          {configText.meanwhile[fate]}
        </Notice>
      )}
      {isRefused && (
        <Problems title={configText.stillUsed} problems={configuration.problemsAfter(removal)} />
      )}
      <div class="form">{props.children(form)}</div>
      {isTried && <Others pointer={pointer} problems={problems} />}
    </Dialog>
  )
}

interface OthersProps {
  readonly pointer: string
  readonly problems: readonly Problem[]
}

/** What no field of the form says. */
function Others({ pointer, problems }: OthersProps) {
  const own = problemsAt(problems, pointer)
  const bare = own.filter(({ path }) => path === pointer)
  const others = [...bare, ...problems.filter((one) => !own.includes(one))]
  return others.length === 0 ? null : <Problems title={configText.elsewhere} problems={others} />
}

export function Problems({
  title,
  problems,
}: {
  readonly title: string
  readonly problems: readonly Problem[]
}) {
  return (
    <Notice tone="bad" title={title} isLive>
      <ul class="problems">
        {problems.slice(0, 8).map(({ path, message, code }) => (
          <li key={`${code}${path}`}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

function insertOf(place: Place, value: Value): Edit {
  return { kind: 'insert', at: place.slice(0, -1), index: Number(place.at(-1)), value }
}

/** Of what is there: only what was changed in the form. */
function changesOf<Entry extends object>(
  { initial, named, configuration }: EntryFormProps<Entry>,
  place: Place,
  value: Entry,
): Edit[] {
  const edits = editsBetween(place, cleaned(initial), cleaned(value))
  const [from, to] = [initial, value].map((one) => (one as { name?: string }).name)
  if (named === undefined || from === undefined || to === undefined) return edits
  return [...edits, ...renameEdits(configuration.config, named, from, to)]
}

/** Without fields that are undefined, and without fields of none. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, inner]) => [name, cleaned(inner)] as const)
  const kept = fields.filter(([, inner]) => inner !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
