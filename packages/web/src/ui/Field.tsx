import { type ReactNode, useId } from 'react'
import './field.css'

type Described = {
  label: string
  hint?: ReactNode
  /** What is wrong and what to do; empty when nothing is. */
  error?: string | undefined
}

/** A labelled control with what to know of it and what is wrong with it, both read out with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: Described & {
  children: (control: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode
}) {
  const id = useId()
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`]
  const wrong = error !== undefined && error !== ''
  const described = [hint === undefined ? '' : hintId, wrong ? errorId : ''].filter((each) => each !== '').join(' ')
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described === '' ? {} : { 'aria-describedby': described }),
        ...(wrong ? { 'aria-invalid': true } : {}),
      })}
      {hint === undefined ? null : (
        <p id={hintId} className="small muted">
          {hint}
        </p>
      )}
      {wrong ? (
        <p id={errorId} className="small labelled-error" role="alert">
          {error}
        </p>
      ) : null}
    </div>
  )
}

type Typed = { value: string; onChange: (value: string) => void }

/** How one line is typed, by what it is of. */
const inputs = {
  address: { className: 'field mono', spellCheck: false, placeholder: '0x…' },
  integer: { className: 'field', inputMode: 'numeric' },
  amount: { className: 'field', inputMode: 'decimal' },
} as const

/** One line that is typed. */
export function TextField({ of, value, onChange, ...described }: Described & Typed & { of: keyof typeof inputs }) {
  return (
    <Field {...described}>
      {(control) => (
        <input
          {...control}
          {...inputs[of]}
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** Several entries that are typed or pasted. */
export function ListField({ value, onChange, ...described }: Described & Typed) {
  return (
    <Field {...described}>
      {(control) => (
        <textarea
          {...control}
          className="field"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** One yes or no, with its sentence. */
export function Check({
  checked,
  onChange,
  children,
}: {
  checked: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
}) {
  const id = useId()
  return (
    <label className="check" htmlFor={id}>
      <input id={id} type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>{children}</span>
    </label>
  )
}
