import { AgoraiError } from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { problemResponse } from './problems.js'

describe('problemResponse', () => {
  test('shows nothing of a failure of its own, and reports all of it', async () => {
    const reported: unknown[] = []
    const failure = new TypeError('canary in /src/secret.ts')
    const response = problemResponse(failure, 'request-1', (...told) => reported.push(told))
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toMatch(/canary|TypeError|\.ts/)
    expect(reported).toEqual([[failure, 'request-1']])
  })

  test('says what a known failure says, and when to come back', async () => {
    const response = problemResponse(new AgoraiError('busy', 'Full.'), 'request-2', () => {
      throw new Error('nothing to report')
    })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.json()).toMatchObject({ code: 'busy', status: 503, detail: 'Full.' })
  })
})
