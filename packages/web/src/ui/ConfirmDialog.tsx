import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import './confirmDialog.css'

/**
 * Says in sentences what will be signed, before it is. The browser keeps the focus inside, and Escape declines.
 */
export function ConfirmDialog({
  title,
  children,
  confirm,
  busy,
  onConfirm,
  onDecline,
}: {
  title: string
  children: ReactNode
  confirm: string
  /** While what will be signed is not known yet, or could not be carried out. */
  busy?: boolean
  onConfirm: () => void
  onDecline: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  // Closed before it is removed, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onDecline()
      }}
    >
      <h2 id={heading}>{title}</h2>
      <div className="confirm-body">{children}</div>
      <div className="confirm-actions">
        <button type="button" className="button" onClick={onDecline}>
          Cancel
        </button>
        <button type="button" className="button button-primary" onClick={onConfirm} disabled={busy}>
          {confirm}
        </button>
      </div>
    </dialog>
  )
}
