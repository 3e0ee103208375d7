/** How the box is now, and what could be set up next. */
import { goTo, linkTo } from '../../live/route.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { Icon } from '../../part/icon.tsx'
import { Loading } from '../../part/loading.tsx'
import { Notice } from '../../part/notice.tsx'
import { firstRunText } from '../../text/en-first-run.ts'
import { sentence } from '../../text/format.ts'
import { plainWords, remedyOf } from '../../text/remedy.ts'
import { Remedy } from '../remedy.tsx'
import { StepHead } from './step-head.tsx'

const text = firstRunText.done
const next = ['lans', 'qos', 'system'] as const

export function DoneStep() {
  const { value } = status
  if (value === null) return <Loading />
  const { isHealthy, problems } = value
  return (
    <>
      <StepHead
        title={isHealthy ? text.title : text.titleNot}
        about={isHealthy ? text.about : text.aboutNot}
      />
      {problems.slice(0, 3).map((problem) => (
        <Notice key={problem} tone="warn" title={sentence(plainWords(problem))}>
          <Remedy text={remedyOf(problem) ?? ''} />
        </Notice>
      ))}
      <div class="actions">
        <Button kind="primary" onClick={() => goTo('')}>
          {text.open}
        </Button>
      </div>
      <section>
        <h2>{text.more}</h2>
        <ul class="next">
          {next.map((path) => {
            const [title, about] = text.links[path]
            return (
              <li key={path}>
                <a href={linkTo(path)}>
                  <span>
                    <b>{title}</b>
                    <span class="quiet small">{about}</span>
                  </span>
                  <Icon name="right" />
                </a>
              </li>
            )
          })}
        </ul>
      </section>
    </>
  )
}
