/** The first page: how the site is in one sentence and what to do about it; a picture of it; figures; what happened. */
import type { PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import { useAnswer } from '../../live/answer.ts'
import { stream } from '../../live/live.ts'
import { linkTo } from '../../live/route.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Figures } from '../../part/figures.tsx'
import { Icon } from '../../part/icon.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { toneIcons } from '../../part/tone.ts'
import { frameText } from '../../text/en.ts'
import { overviewText } from '../../text/en-overview.ts'
import { Remedy } from '../remedy.tsx'
import { type Headline, headlineOf, unheardOf } from './headline.ts'
import { Recent } from './recent.tsx'
import { SitePicture } from './site-picture.tsx'
import './overview.css'

export function Page() {
  const { value } = status
  const paths = useAnswer<PathsAnswer>('/paths')
  if (value === null) {
    return (
      <>
        <h1 class="unseen">{frameText.pages.overview}</h1>
        <Loading />
      </>
    )
  }
  const names = value.uplinks.map(({ name }) => name)
  const headline = stream.value === 'lost' ? unheardOf(value) : headlineOf(value)
  return (
    <div class="stack">
      <Health headline={headline} site={value.site} />
      <ErrorNotice error={paths.error} />
      <SitePicture status={value} paths={paths.value} />
      {names.length > 0 && (
        <Figures
          title={overviewText.figures.title}
          about={overviewText.figures.about}
          subject="uplinks"
          names={names}
        />
      )}
      <Recent />
    </div>
  )
}

interface HealthProps {
  readonly headline: Headline
  readonly site: string | null
}

function Health({ headline, site }: HealthProps) {
  const { tone, sentence, remedy, about, more, isBlank } = headline
  return (
    <section class={`health is-${tone}`} aria-labelledby="health">
      <Icon name={toneIcons[tone]} size={34} />
      <div>
        <p class="health-site">{site ?? overviewText.noSite}</p>
        <div aria-live="polite">
          <h1 id="health">{sentence}</h1>
        </div>
        {remedy !== null && (
          <p class="health-remedy">
            <Remedy text={remedy} />
          </p>
        )}
        {about !== '' && <p class="health-about">{about}</p>}
        {isBlank && may('config.write') && (
          <p class="health-act">
            <a class="button is-primary" href={linkTo('set-up')}>
              {overviewText.setUp}
            </a>
          </p>
        )}
        {more.length > 0 && (
          <ol class="health-more" aria-label={overviewText.problems}>
            {more.map((problem) => (
              <li key={problem.sentence}>
                {problem.sentence}{' '}
                <span class="quiet">
                  <Remedy text={problem.remedy ?? ''} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  )
}
