/** What is typed, chosen or switched: each with a label, a help line, and what is wrong with it. */
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { partText } from '../text/en.ts'
import { Icon } from './icon.tsx'

interface Labelled {
  readonly label: string
  readonly help?: ComponentChildren
  /** Null: nothing is wrong. */
  readonly error?: string | null | undefined
  readonly isOptional?: boolean
  readonly isDisabled?: boolean
}

interface Attributes {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean
  readonly disabled: boolean
}

interface FieldProps extends Labelled {
  readonly children: (attributes: Attributes) => ComponentChildren
}

/** The frame of a field, for controls that are none of those below. */
export function Field({ label, help, error, isOptional, isDisabled, children }: FieldProps) {
  const id = useId()
  const hasError = error !== undefined && error !== null && error !== ''
  const said = [help === undefined ? '' : `${id}-help`, hasError ? `${id}-error` : '']
  const attributes: Attributes = {
    id,
    'aria-describedby': said.filter(Boolean).join(' ') || undefined,
    'aria-invalid': hasError,
    disabled: isDisabled === true,
  }
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label} {isOptional && <span class="quiet">{partText.optional}</span>}
      </label>
      {children(attributes)}
      <FieldNotes id={id} help={help} error={hasError ? error : null} />
    </div>
  )
}

interface FieldNotesProps extends Pick<Labelled, 'help'> {
  readonly id: string
  readonly error: string | null
}

function FieldNotes({ id, help, error }: FieldNotesProps) {
  return (
    <>
      {help !== undefined && (
        <p class="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error !== null && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="warn" size={16} />
          <span>{error}</span>
        </p>
      )}
    </>
  )
}

type InputMode = 'text' | 'numeric' | 'decimal' | 'url' | 'email'

export interface TextFieldProps extends Labelled {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly placeholder?: string
  readonly autoComplete?: string
  readonly inputMode?: InputMode
  readonly maxLength?: number
  /** In the form of code: addresses, keys. */
  readonly isMono?: boolean
  readonly name?: string
}

export function TextField(props: TextFieldProps) {
  const { value, onInput, placeholder, autoComplete = 'off', inputMode, maxLength, isMono } = props
  return (
    <Field {...props}>
      {(attributes) => (
        <input
          {...attributes}
          class={isMono ? 'input mono' : 'input'}
          type="text"
          name={props.name}
          value={value}
          placeholder={placeholder}
          autocomplete={autoComplete}
          inputMode={inputMode}
          maxLength={maxLength}
          autocapitalize="none"
          spellcheck={false}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  )
}

export interface PasswordFieldProps extends Labelled {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly autoComplete: 'current-password' | 'new-password'
}

/** Can be shown: long ones are typed wrong where nothing is seen. */
export function PasswordField(props: PasswordFieldProps) {
  const [isShown, setShown] = useState(false)
  const { value, onInput, autoComplete } = props
  return (
    <Field {...props}>
      {(attributes) => (
        <div class="input-row">
          <input
            {...attributes}
            class="input"
            // Its type tells its attributes apart: they are the same for both of these.
            type={(isShown ? 'text' : 'password') as 'password'}
            value={value}
            autocomplete={autoComplete}
            autocapitalize="none"
            spellcheck={false}
            maxLength={256}
            onInput={({ currentTarget }) => onInput(currentTarget.value)}
          />
          <button
            type="button"
            class="button"
            aria-pressed={isShown}
            aria-controls={attributes.id}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? partText.hide : partText.show}
          </button>
        </div>
      )}
    </Field>
  )
}

export interface NumberFieldProps extends Labelled {
  /** Null: empty. */
  readonly value: number | null
  readonly onInput: (value: number | null) => void
  readonly min?: number
  readonly max?: number
  readonly step?: number
  readonly placeholder?: string
}

export function NumberField(props: NumberFieldProps) {
  const { value, onInput, min, max, step, placeholder } = props
  return (
    <Field {...props}>
      {(attributes) => (
        <input
          {...attributes}
          class="input"
          type="number"
          inputMode="numeric"
          value={value ?? ''}
          min={min}
          max={max}
          step={step}
          placeholder={placeholder}
          onInput={({ currentTarget }) =>
            onInput(currentTarget.value === '' ? null : currentTarget.valueAsNumber)
          }
        />
      )}
    </Field>
  )
}

export interface SelectFieldProps<Value extends string> extends Labelled {
  readonly value: Value
  readonly options: readonly (readonly [value: Value, label: string])[]
  readonly onInput: (value: Value) => void
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { value, options, onInput } = props
  return (
    <Field {...props}>
      {(attributes) => (
        <select
          {...attributes}
          class="input"
          value={value}
          onChange={({ currentTarget }) => onInput(currentTarget.value as Value)}
        >
          {options.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export interface TextAreaFieldProps extends Labelled {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly rows: number
  readonly placeholder?: string
}

export function TextAreaField(props: TextAreaFieldProps) {
  const { value, onInput, rows, placeholder } = props
  return (
    <Field {...props}>
      {(attributes) => (
        <textarea
          {...attributes}
          class="input"
          rows={rows}
          value={value}
          placeholder={placeholder}
          spellcheck={false}
          autocapitalize="none"
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  )
}

export interface SwitchFieldProps extends Labelled {
  readonly value: boolean
  readonly onInput: (value: boolean) => void
}

export function SwitchField({ label, help, error, isDisabled, value, onInput }: SwitchFieldProps) {
  const id = useId()
  const said = [help === undefined ? '' : `${id}-help`, error ? `${id}-error` : '']
  return (
    <div class="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={value}
        aria-checked={value}
        disabled={isDisabled === true}
        aria-describedby={said.filter(Boolean).join(' ') || undefined}
        onChange={({ currentTarget }) => onInput(currentTarget.checked)}
      />
      <label class="field-label" for={id}>
        {label}
      </label>
      <FieldNotes id={id} help={help} error={error ?? null} />
    </div>
  )
}
