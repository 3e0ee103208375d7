/** What a route answered, once it has: until then that it is on its way, or why it is not known. Not known never looks like none. */
import type { ComponentChildren } from 'preact'
import type { Answered } from '../live/answer.ts'
import { Loading } from './loading.tsx'
import { ErrorNotice } from './notice.tsx'

export interface AnswerProps<Value> {
  readonly of: Pick<Answered<Value>, 'value' | 'error'>
  readonly children: (value: Value) => ComponentChildren
}

export function Answer<Value>({ of: { value, error }, children }: AnswerProps<Value>) {
  return (
    <>
      <ErrorNotice error={error} />
      {value === null ? error === null && <Loading /> : children(value)}
    </>
  )
}
