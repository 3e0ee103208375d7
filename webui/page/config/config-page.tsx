/** What stands around every page that shows a part of the configuration: loading, failed, none, unsound; else the page. */
import type { ComponentChildren } from 'preact'
import { linkTo } from '../../live/route.ts'
import { may } from '../../live/session.ts'
import { Empty } from '../../part/empty.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { PageHead } from '../../part/page-head.tsx'
import { configText } from '../../text/en-config.ts'
import './config.css'
import { type SoundConfiguration, useConfig } from './use-config.ts'

export interface ConfigPageProps {
  readonly title: string
  readonly about?: string
  readonly actions?: (configuration: SoundConfiguration) => ComponentChildren
  readonly children: (configuration: SoundConfiguration) => ComponentChildren
}

export function ConfigPage({ title, about, actions, children }: ConfigPageProps) {
  const configuration = useConfig()
  if (configuration.kind !== 'sound') {
    return (
      <>
        <PageHead title={title} about={about} />
        <Instead configuration={configuration} />
      </>
    )
  }
  return (
    <>
      <PageHead title={title} about={about} actions={actions?.(configuration)} />
      {children(configuration)}
    </>
  )
}

type Other = Exclude<ReturnType<typeof useConfig>, SoundConfiguration>

export function Instead({ configuration }: { readonly configuration: Other }) {
  switch (configuration.kind) {
    case 'loading':
      return <Loading />
    case 'failed':
      return <ErrorNotice error={configuration.error} />
    case 'none':
      return (
        <Empty icon="info" title={configText.noConfig.title}>
          <p>{configText.noConfig.text}</p>
          {may('config.write') && (
            <a class="button is-primary" href={linkTo('set-up', 'internet')}>
              {configText.noConfig.action}
            </a>
          )}
        </Empty>
      )
    case 'unsound':
      return (
        <Empty icon="warn" title={configText.unsound.title}>
          <p>{configText.unsound.text}</p>
          <a class="button" href={linkTo('config')}>
            {configText.unsound.action}
          </a>
        </Empty>
      )
  }
}
