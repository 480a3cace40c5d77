import { type ReactNode, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { shorten } from '../../format/text.js'
import { ConfirmDialog } from '../../ui/ConfirmDialog.js'
import { Check } from '../../ui/Field.js'
import { Notice } from '../../ui/Notice.js'
import { WrongChain } from './WrongChain.js'

/**
 * Says in sentences what will be signed and by whom. It cannot be confirmed without somebody who signs on the right chain,
 * nor, where it cannot be undone, before the reader has said so.
 */
export function SignDialog({
  title,
  children,
  confirm,
  busy = false,
  irreversible,
  wide = false,
  asks = 'once more',
  onConfirm,
  onDecline,
}: {
  title: string
  children: ReactNode
  confirm: string
  busy?: boolean
  /** What cannot be undone, as the sentence that the reader agrees to. */
  irreversible?: string
  wide?: boolean
  /** How often a wallet of the browser asks its holder for this. */
  asks?: string
  onConfirm: () => void
  onDecline: () => void
}) {
  const { account, wrongChain } = useAgorai()
  const [agreed, setAgreed] = useState(false)
  const blocked = account === undefined || wrongChain !== undefined || (irreversible !== undefined && !agreed)
  return (
    <ConfirmDialog
      title={title}
      confirm={confirm}
      busy={busy || blocked}
      onConfirm={onConfirm}
      onDecline={onDecline}
      danger={irreversible !== undefined}
      wide={wide}
    >
      {children}
      {irreversible === undefined ? null : (
        <Check checked={agreed} onChange={setAgreed}>
          {irreversible}
        </Check>
      )}
      {account === undefined ? (
        <Notice tone="care" title="No wallet is connected">
          <p>Nothing was signed. Connect a wallet at the top of the page, then come back here.</p>
        </Notice>
      ) : (
        <p className="small muted">
          {`Signed by ${account.label} `}
          <span className="nowrap">{`(${shorten(account.address)})`}</span>
          {account.development === undefined ? `, which asks you ${asks}.` : ', a development account.'}
        </p>
      )}
      <WrongChain />
    </ConfirmDialog>
  )
}
