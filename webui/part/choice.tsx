/** One of few, as a row of buttons: a time span, a scheme. */
import type { ComponentChildren } from 'preact'

export interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly (readonly [
    value: Value,
    shown: ComponentChildren,
    /** Where what is shown is an icon. */
    spoken?: string,
  ])[]
  readonly onChange: (value: Value) => void
}

export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, value, options, onChange } = props
  return (
    <fieldset class="choice-set">
      <legend class="unseen">{label}</legend>
      <div class="choice">
        {options.map(([option, shown, spoken]) => (
          <button
            key={option}
            type="button"
            aria-pressed={option === value}
            aria-label={spoken}
            title={spoken}
            onClick={() => onChange(option)}
          >
            {shown}
          </button>
        ))}
      </div>
    </fieldset>
  )
}
