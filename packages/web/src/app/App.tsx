import { lazy, Suspense } from 'react'
import { CataloguePage } from '../features/catalogue/CataloguePage.js'
import { WalletStrip } from '../features/wallet/WalletStrip.js'
import { Mark } from '../ui/Mark.js'
import { Waiting } from '../ui/Notice.js'
import { AgoraiProvider, useAgorai } from './AgoraiProvider.js'
import { ErrorBoundary } from './ErrorBoundary.js'
import { Link, usePlace } from './router.js'
import { ThemeChoice } from './ThemeChoice.js'
import { useLiveUpdates } from './useLiveUpdates.js'
import { useTitle } from './useTitle.js'
import './app.css'

// Each page comes when it is first opened: the catalogue needs neither encryption nor the trees of lists.
const AssetPage = lazy(async () => ({ default: (await import('../features/catalogue/AssetPage.js')).AssetPage }))
const AccountPage = lazy(async () => ({ default: (await import('../features/wallet/AccountPage.js')).AccountPage }))
const TransactionPage = lazy(async () => ({
  default: (await import('../features/evidence/TransactionPage.js')).TransactionPage,
}))

export function App() {
  const { path } = usePlace()
  return (
    <>
      <a className="button skip" href="#main">
        Skip to the content
      </a>
      <header className="header">
        <div className="page-width header-inner">
          <Link className="brand" href="/">
            <Mark />
            agorai
          </Link>
          <nav className="nav" aria-label="Pages">
            <Link href="/" {...(path === '/' ? { 'aria-current': 'page' as const } : {})}>
              Catalogue
            </Link>
          </nav>
          <ThemeChoice />
        </div>
      </header>
      <AgoraiProvider>
        <WalletStrip />
        <main id="main" className="main page-width" tabIndex={-1}>
          <ErrorBoundary key={path}>
            <Suspense fallback={<Waiting>Fetching this page…</Waiting>}>
              <Page path={path} />
            </Suspense>
          </ErrorBoundary>
        </main>
        <Footer />
      </AgoraiProvider>
    </>
  )
}

function Page({ path }: { path: string }) {
  useLiveUpdates()
  if (path === '/') return <CataloguePage />
  const asset = /^\/assets\/([1-9][0-9]{0,77})$/.exec(path)?.[1]
  if (asset !== undefined) return <AssetPage key={asset} id={asset} />
  const account = /^\/accounts\/(0x[0-9a-fA-F]{40})$/.exec(path)?.[1]
  if (account !== undefined) return <AccountPage key={account} address={account as `0x${string}`} />
  const hash = /^\/transactions\/(0x[0-9a-f]{64})$/.exec(path)?.[1]
  if (hash !== undefined) return <TransactionPage key={hash} hash={hash as `0x${string}`} />
  return <MissingPage />
}

function MissingPage() {
  useTitle('Not found')
  return (
    <>
      <h1>There is no page here</h1>
      <p>
        The address may be mistyped. <Link href="/">The catalogue</Link> lists everything that is published.
      </p>
    </>
  )
}

function Footer() {
  const { info } = useAgorai()
  return (
    <footer className="footer">
      <div className="page-width footer-inner">
        <span>{info.chain.local ? `Local chain ${info.chain.id}` : `Chain ${info.chain.id}`}</span>
        <span>
          <a href="/api/v1/openapi.json">API description</a>
        </span>
        <span>{`Node ${info.version}`}</span>
      </div>
    </footer>
  )
}
