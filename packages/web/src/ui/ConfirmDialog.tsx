import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import './confirmDialog.css'

/** A dialog with its heading. The browser keeps the focus inside, and Escape declines. */
export function Dialog({
  title,
  children,
  wide = false,
  onDecline,
}: {
  title: string
  children: ReactNode
  /** For forms and plots. */
  wide?: boolean
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
      className={wide ? 'confirm confirm-wide' : 'confirm'}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onDecline()
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  )
}

/** Says in sentences what will be signed, before it is. */
export function ConfirmDialog({
  title,
  children,
  confirm,
  busy,
  danger = false,
  wide = false,
  onConfirm,
  onDecline,
}: {
  title: string
  children: ReactNode
  confirm: string
  /** While what will be signed is not known yet, or could not be carried out. */
  busy?: boolean
  /** What cannot be undone looks different. */
  danger?: boolean
  wide?: boolean
  onConfirm: () => void
  onDecline: () => void
}) {
  return (
    <Dialog title={title} wide={wide} onDecline={onDecline}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (busy !== true) onConfirm()
        }}
      >
        <div className="confirm-body">{children}</div>
        <div className="confirm-actions">
          <button type="button" className="button" onClick={onDecline}>
            Cancel
          </button>
          <button type="submit" className={danger ? 'button button-danger' : 'button button-primary'} disabled={busy}>
            {confirm}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
