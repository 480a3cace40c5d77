import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const module = fileURLToPath(new URL('consoleLog.ts', import.meta.url))

/** What a process prints that writes such lines. */
function print(json: boolean, secrets: string[], code: string) {
  const program = `import { createLog } from ${JSON.stringify(module)}
    const log = createLog({ json: ${json}, secrets: ${JSON.stringify(secrets)} })
    ${code}`
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../../../..', import.meta.url)),
  })
  return { stdout, stderr }
}

describe('createLog', { timeout: 60_000 }, () => {
  test('writes a JSON object a line, what went wrong to the error stream', () => {
    const { stdout, stderr } = print(
      true,
      [],
      "log.info('a', 'fine', { n: 1, none: undefined }); log.warning('b', 'not so'); log.error('c', 'bad')",
    )
    expect(JSON.parse(stdout)).toEqual({ level: 'info', time: expect.any(String), event: 'a', n: 1, message: 'fine' })
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).level),
    ).toEqual(['warning', 'error'])
  })

  test('writes for people, without a line a request', () => {
    const { stdout, stderr } = print(
      false,
      [],
      "log.info('request', 'GET'); log.info('a', 'fine'); log.error('b', 'bad', { cause: 'because' })",
    )
    expect(stdout).toBe('fine\n')
    expect(stderr).toBe('error: bad\nbecause\n')
  })

  test.each([true, false])('hides what must not be seen (JSON: %s)', (json) => {
    const secret = 'https://chain.example/v2/canary-in-a-url'
    const code = `log.warning('a', 'It failed.', { cause: [
      'HTTP request to ${secret} failed',
      'postgres://agorai:canary-password@db/agorai',
      'Authorization: Bearer canary-token',
      '{"agorai-signature":"canary-header"}',
      'signed 0x${'ab'.repeat(65)}',
      'block 0x${'cd'.repeat(32)}',
    ].join('\\n') })`
    const { stderr } = print(json, [secret], code)
    expect(stderr).toContain('It failed.')
    expect(stderr).not.toContain('canary')
    expect(stderr).not.toContain('abababab')
    expect(stderr).toContain('cdcdcdcd')
  })
})
