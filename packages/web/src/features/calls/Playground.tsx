import type { AssetDetail, Lineage, ServedServiceInfo, ServingApi } from '@agorai/core'
import type { Session } from '@agorai/sdk'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatMoney } from '../../format/money.js'
import { Choice } from '../../ui/Choice.js'
import { ErrorNotice } from '../../ui/Notice.js'
import { type Movement, saleFlows } from '../lineage/movement.js'
import { useGetOffers } from '../market/useGetOffers.js'
import { usePasses } from '../market/usePasses.js'
import { AnswerView } from './AnswerView.js'
import { CallReceipt } from './CallReceipt.js'
import { CallSnippets } from './CallSnippets.js'
import { callUsageWords } from './callWords.js'
import { DigitPad } from './DigitPad.js'
import { meansOf, meansWords } from './means.js'
import { OpenSession } from './OpenSession.js'
import { SessionPanel } from './SessionPanel.js'
import { TensorForm } from './TensorForm.js'
import { TextForm } from './TextForm.js'
import { useCallForm } from './useCallForm.js'
import { useCallModel } from './useCallModel.js'
import { useCallToken } from './useCallToken.js'
import { useGetQuote } from './useGetQuote.js'
import { useSession } from './useSession.js'
import './calls.css'

const apiNames: Record<ServingApi, string> = {
  completions: 'Go on with a text',
  chat: 'Chat',
  embeddings: 'Vectors',
  infer: 'Tensors',
}

/** Calls a service from its page, or its model's: what it would cost, the answer as it comes, what it cost, and who gets it. */
export function Playground({
  asset,
  service,
  lineage,
  through = false,
  onMoved,
}: {
  /** The service. */
  asset: AssetDetail
  service: ServedServiceInfo
  lineage: Lineage | undefined
  /** Whether this is the page of the model that the service sells. */
  through?: boolean
  onMoved?: (movement: Movement) => void
}) {
  const { account } = useAgorai()
  const { serving } = service
  const token = useCallToken(asset, serving)
  const form = useCallForm(service)
  const quote = useGetQuote(service.asset, form.request)
  const session = useSession(service)
  const { answer, call, stop } = useCallModel(service.asset)
  const passes = usePasses(account?.address, asset.id)
  const all = meansOf(serving, passes.data ?? [], useGetOffers([asset]))
  const [chosen, setChosen] = useState<string>()
  const means = all.find(({ kind }) => kind === chosen) ?? all[0] ?? { kind: 'budget' as const }
  const [asking, setAsking] = useState(false)
  const amountMax = BigInt(quote.data?.amountMax ?? 0)
  const busy = call.isPending || session.busy
  const run = (paying: Session) => {
    if (form.request !== undefined)
      call.mutate({ request: form.request, session: paying }, { onSettled: () => session.refresh() })
  }
  return (
    <section className="panel play" id="try" aria-labelledby="try-heading">
      <div className="panel-head">
        <h2 id="try-heading">Try it</h2>
        <p className="small muted">
          {through ? (
            <>
              Sold by the call as <Link href={`/assets/${service.asset}`}>{service.name}</Link>.{' '}
            </>
          ) : null}
          Answered by the operator of this node, charged by what is used
        </p>
      </div>
      <div className="play-columns">
        <div className="play-form">
          <form
            className="play-form"
            onSubmit={(event) => {
              event.preventDefault()
              if (busy || form.request === undefined) return
              if (session.open === undefined) setAsking(true)
              else run(session.open.session)
            }}
          >
            {serving.apis.length < 2 ? null : (
              <Choice
                legend="Way of asking"
                options={serving.apis.map((api) => ({ value: api, label: apiNames[api] }))}
                value={form.api}
                onChange={form.setApi}
              />
            )}
            {form.api !== 'infer' ? (
              <TextForm
                api={form.api}
                input={form.text}
                outputTokens={serving.limits.outputTokens}
                wrong={form.wrong}
                onChange={form.setText}
              />
            ) : form.digits ? (
              <DigitPad pixels={form.pixels} onChange={form.setPixels} />
            ) : (
              <TensorForm
                inputs={service.inputs}
                text={form.tensors}
                wrong={form.wrong?.wrong}
                onChange={form.setTensors}
              />
            )}
            <Price
              words={
                quote.data === undefined
                  ? undefined
                  : `At most ${formatMoney(amountMax, token)}: ${callUsageWords(quote.data.usageMax, serving.prices)}`
              }
              asked={form.request !== undefined}
            />
            {quote.isError ? <ErrorNotice error={quote.error} safe="Nothing was charged." /> : null}
            <div className="play-actions">
              <button
                type="submit"
                className="button button-primary"
                disabled={busy || account === undefined || form.request === undefined || quote.data === undefined}
              >
                {call.isPending ? 'Running…' : 'Run'}
              </button>
              {call.isPending ? (
                <button type="button" className="button" onClick={stop}>
                  Stop
                </button>
              ) : null}
              {account === undefined ? (
                <p className="small muted">Connect a wallet at the top of the page first.</p>
              ) : null}
            </div>
          </form>
          {session.open !== undefined ? null : all.length < 2 ? null : (
            <Choice
              legend="Paid by"
              options={all.map(({ kind }) => ({ value: kind, label: meansWords[kind] }))}
              value={means.kind}
              onChange={setChosen}
            />
          )}
          <SessionPanel session={session} token={token} amountMax={amountMax} busy={busy} />
        </div>
        <div className="play-answer">
          <AnswerView answer={answer} running={call.isPending} digits={form.api === 'infer' && form.digits} />
          {call.isError ? <ErrorNotice error={call.error} safe="A call that fails is charged nothing." /> : null}
          {call.data === undefined || session.last === undefined ? null : (
            <CallReceipt
              key={call.data}
              session={session.last}
              counter={call.data}
              lineage={lineage}
              prices={serving.prices}
              token={token}
              onPaid={(amount) =>
                onMoved?.({
                  ...{ key: `${session.last?.info.session}-${call.data}`, token },
                  flows: saleFlows(asset.version, amount),
                })
              }
            />
          )}
        </div>
      </div>
      {form.request === undefined ? null : (
        <CallSnippets
          service={service.asset}
          request={form.request}
          bearer={session.open?.bearer}
          onShow={() => session.open?.session.openai()}
        />
      )}
      {asking ? (
        <OpenSession
          means={means}
          amountMax={amountMax}
          token={token}
          onDecline={() => setAsking(false)}
          onConfirm={(budget) => {
            setAsking(false)
            session.start.mutate({ means, budget }, { onSuccess: run })
          }}
        />
      ) : null}
    </section>
  )
}

/** The price keeps its line while it is asked for, so that nothing below it moves. */
function Price({ words, asked }: { words: string | undefined; asked: boolean }) {
  const waiting = asked ? 'Asking what it costs…' : 'What it costs at most stands here before you run it.'
  return (
    <p className="play-price" data-testid="price">
      {words ?? <span className="muted">{waiting}</span>}
    </p>
  )
}
