/** Fields of a policy that are lists of names: applications out of many, uplinks in their order. */
import { useId, useState } from 'preact/hooks'
import { Button } from '../../part/button.tsx'
import { Icon } from '../../part/icon.tsx'
import { configText } from '../../text/en-config.ts'
import { policiesText } from '../../text/en-policies.ts'

const text = policiesText.form

interface NamesProps {
  readonly value: readonly string[] | undefined
  /** Undefined: none. */
  readonly onInput: (value: string[] | undefined) => void
  readonly error: string | null
}

/** Chosen by typing the beginning of a name. */
export function ApplicationsField(props: NamesProps & { readonly known: readonly string[] }) {
  const { value = [], onInput, known, error } = props
  const [typed, setTyped] = useState('')
  const id = useId()
  const take = (name: string): void => {
    setTyped('')
    if (name !== '' && !value.includes(name)) onInput([...value, name])
  }
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {text.applications}
      </label>
      {value.length > 0 && (
        <ul class="chips">
          {value.map((name) => (
            <li key={name} class="chip chip-button">
              {name}
              <button
                type="button"
                aria-label={`${configText.remove} ${name}`}
                onClick={() => onInput(without(value, name))}
              >
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="input-row">
        <input
          id={id}
          class="input"
          list={`${id}-known`}
          value={typed}
          aria-describedby={`${id}-help`}
          aria-invalid={error !== null}
          autocomplete="off"
          onInput={({ currentTarget, inputType }: InputTarget) => {
            // Chosen from the list, it is whole at once.
            const isChosen = inputType === 'insertReplacementText' || inputType === undefined
            if (isChosen && known.includes(currentTarget.value)) take(currentTarget.value)
            else setTyped(currentTarget.value)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || typed === '') return
            event.preventDefault()
            take(typed.trim())
          }}
          // Whoever goes on to submit means it; one that is unknown is told of as any other fault.
          onBlur={() => take(typed.trim())}
        />
        <Button
          icon="plus"
          label={text.applicationAdd}
          isDisabled={!known.includes(typed.trim())}
          onClick={() => take(typed.trim())}
        />
      </div>
      <datalist id={`${id}-known`}>
        {known
          .filter((name) => !value.includes(name))
          .map((name) => (
            <option key={name} value={name} />
          ))}
      </datalist>
      <p class="field-help" id={`${id}-help`}>
        {text.applicationsHelp}
      </p>
      {error !== null && <p class="field-error">{error}</p>}
    </div>
  )
}

type InputTarget = InputEvent & { readonly currentTarget: HTMLInputElement }

export function PreferField(props: NamesProps & { readonly uplinks: readonly string[] }) {
  const { value = [], onInput, uplinks, error } = props
  const rest = uplinks.filter((name) => !value.includes(name))
  const swap = (index: number, other: number): void =>
    onInput(value.with(index, value[other]!).with(other, value[index]!))
  return (
    <fieldset class="set-field">
      <legend class="field-label">{text.prefer}</legend>
      <ol class="prefer">
        {value.map((name, index) => (
          <li key={name}>
            <span class="prefer-name">
              {index + 1}. {name}
            </span>
            <Button
              kind="quiet"
              icon="up"
              isSmall
              label={configText.moveUp(name)}
              isDisabled={index === 0}
              onClick={() => swap(index, index - 1)}
            />
            <Button
              kind="quiet"
              icon="down"
              isSmall
              label={configText.moveDown(name)}
              isDisabled={index === value.length - 1}
              onClick={() => swap(index, index + 1)}
            />
            <Button
              kind="quiet"
              icon="close"
              isSmall
              label={`${configText.remove} ${name}`}
              onClick={() => onInput(without(value, name))}
            />
          </li>
        ))}
      </ol>
      <div class="set-options">
        {rest.map((name) => (
          <Button key={name} icon="plus" isSmall onClick={() => onInput([...value, name])}>
            {name}
          </Button>
        ))}
      </div>
      <p class="field-help">{text.preferHelp}</p>
      {error !== null && <p class="field-error">{error}</p>}
    </fieldset>
  )
}

function without(list: readonly string[], name: string): string[] | undefined {
  const rest = list.filter((one) => one !== name)
  return rest.length === 0 ? undefined : rest
}
