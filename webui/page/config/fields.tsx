/** Fields of configurations that are more than one word: lists, sets of names, rates. What somebody types stays as typed. */
import { useId, useState } from 'preact/hooks'
import { TextAreaField, TextField, type TextFieldProps } from '../../part/field.tsx'
import { configText } from '../../text/en-config.ts'

interface ListFieldProps<Word extends string | number>
  extends Omit<TextFieldProps, 'value' | 'onInput'> {
  readonly value: readonly Word[] | undefined
  /** Undefined: empty. */
  readonly onInput: (value: Word[] | undefined) => void
}

/** A word a line. */
export function LinesField(props: ListFieldProps<string> & { readonly rows?: number }) {
  const { value, onInput, rows = 3 } = props
  const [typed, setTyped] = useState((value ?? []).join('\n'))
  return (
    <TextAreaField
      {...props}
      help={props.help ?? configText.listHelp}
      rows={rows}
      value={typed}
      onInput={(text) => {
        setTyped(text)
        const words = text.split(/[\s,]+/).filter(Boolean)
        onInput(words.length === 0 ? undefined : words)
      }}
    />
  )
}

/** Words and whole numbers on one line. */
export function WordsField(props: ListFieldProps<string | number>) {
  const [typed, setTyped] = useState((props.value ?? []).join(', '))
  return (
    <TextField
      {...props}
      help={props.help ?? configText.wordsHelp}
      value={typed}
      isMono
      onInput={(text) => {
        setTyped(text)
        const words = text.split(/[\s,]+/).filter(Boolean)
        const read = words.map((word) => (/^[0-9]{1,9}$/.test(word) ? Number(word) : word))
        props.onInput(read.length === 0 ? undefined : read)
      }}
    />
  )
}

interface WordFieldProps extends Omit<TextFieldProps, 'value' | 'onInput'> {
  readonly value: string | undefined
  readonly onInput: (value: string | undefined) => void
}

/** One word that may be left out. */
export function WordField(props: WordFieldProps) {
  return (
    <TextField
      {...props}
      value={props.value ?? ''}
      onInput={(text) => props.onInput(text.trim() === '' ? undefined : text.trim())}
    />
  )
}

export function RateField(props: WordFieldProps) {
  return <WordField isOptional {...props} help={props.help ?? configText.rateHelp} />
}

export interface SetFieldProps<Word extends string> {
  readonly label: string
  readonly help?: string
  readonly error?: string | null
  readonly options: readonly (readonly [value: Word, label: string])[]
  readonly value: readonly Word[] | undefined
  /** In the order of the options; undefined: none is chosen. */
  readonly onInput: (value: Word[] | undefined) => void
}

/** Any of few. */
export function SetField<Word extends string>(props: SetFieldProps<Word>) {
  const { label, help, error, options, value = [], onInput } = props
  const id = useId()
  return (
    <fieldset class="set-field" aria-describedby={help === undefined ? undefined : id}>
      <legend class="field-label">{label}</legend>
      <div class="set-options">
        {options.map(([word, shown]) => (
          <label key={word} class="set-option">
            <input
              type="checkbox"
              checked={value.includes(word)}
              onChange={({ currentTarget }) => {
                const wanted = currentTarget.checked
                const chosen = options
                  .map(([one]) => one)
                  .filter((one) => (one === word ? wanted : value.includes(one)))
                onInput(chosen.length === 0 ? undefined : chosen)
              }}
            />
            {shown}
          </label>
        ))}
      </div>
      {help !== undefined && (
        <p class="field-help" id={id}>
          {help}
        </p>
      )}
      {error !== undefined && error !== null && <p class="field-error">{error}</p>}
    </fieldset>
  )
}

/** What a select has for a field that is left out. */
export const unset = '-'
