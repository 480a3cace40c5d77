import './app/withoutEval.js'
import { AgoraiError } from '@agorai/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
// Before the pages, whose own styles then win over these.
import './ui/tokens.css'
import './ui/base.css'
import { App } from './app/App.js'

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 5_000, refetchOnWindowFocus: true } },
})

const root = document.getElementById('root')
if (root === null) throw new AgoraiError('internal', 'index.html has no #root.')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
