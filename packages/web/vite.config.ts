import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

const node = 'http://127.0.0.1:4670'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The workspace is bundled from its sources, so a build of the page never depends on the age of another build.
  resolve: { conditions: ['@agorai/source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    target: 'es2022',
    // A data: URL would need a wider content security policy than the gateway serves.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One page, read whole: viem, zod and React are most of it.
    chunkSizeWarningLimit: 1300,
    rolldownOptions: {
      output: {
        // A chunk runs before whatever imports it, so what configures the schema library stands in one with it.
        codeSplitting: { groups: [{ name: 'schemas', test: /[\\/]node_modules[\\/]zod[\\/]|withoutEval/ }] },
      },
    },
  },
  server: { host: '127.0.0.1', proxy: { '/api': node, '/rpc': node } },
})
