/** The configuration as a whole: its text, to be read or changed by hand, and the ones that ran before. */
import { useState } from 'preact/hooks'
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import { useAnswer } from '../../live/answer.ts'
import { goTo, route } from '../../live/route.ts'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import { PageHead } from '../../part/page-head.tsx'
import { Tabs } from '../../part/tabs.tsx'
import { frameText } from '../../text/en.ts'
import { configurationText as text } from '../../text/en-configuration.ts'
import '../config/config.css'
import { History } from './history.tsx'
import { TextEditor } from './text-editor.tsx'

type Tab = 'text' | 'history'

export function Page() {
  const { value: answer, error } = useAnswer<ConfigAnswer>('/config')
  const [, asked] = route.value
  const [tab, setTab] = useState<Tab>(asked === 'history' ? 'history' : 'text')
  return (
    <>
      <PageHead title={frameText.pages.config} about={text.about} />
      <ErrorNotice error={error} />
      {answer === null && error === null && <Loading />}
      {answer !== null && (
        <Tabs<Tab>
          label={text.tabsLabel}
          tabs={[
            { id: 'text', label: text.tabs.text },
            { id: 'history', label: text.tabs.history },
          ]}
          value={tab}
          onChange={setTab}
        >
          {tab === 'text' ? (
            <TextEditor answer={answer} />
          ) : (
            <History
              running={answer}
              onEdit={() => {
                setTab('text')
                goTo('config')
              }}
            />
          )}
        </Tabs>
      )}
    </>
  )
}
