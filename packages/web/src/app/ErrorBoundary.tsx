import { Component, type ReactNode } from 'react'
import { ErrorNotice } from '../ui/Notice.js'

/** Keeps a failure of one page from taking the header and the wallet with it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    return (
      <ErrorNotice
        error={this.state.error}
        safe="Nothing was signed or moved by this."
        onRetry={() => this.setState({ error: undefined })}
      />
    )
  }
}
