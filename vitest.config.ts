import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@agorai/source'] },
  ssr: { resolve: { conditions: ['@agorai/source'] } },
  test: {
    include: ['packages/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
