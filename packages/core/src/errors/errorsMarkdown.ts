import { errorCodes } from './codes.js'

/** The page `docs/errors.md`: every code with its HTTP status, exit code, meaning and remedy, one anchor each. */
export function errorsMarkdown(): string {
  const sections = Object.entries(errorCodes).map(
    ([code, { status, exit, title, remedy }]) =>
      `## ${code}\n\n${title}. ${remedy}\n\nHTTP status ${status}, exit code ${exit}.\n`,
  )
  return `# Errors\n\n${introduction}\n\n${sections.join('\n')}`
}

const introduction = `Every failure has a stable code. The node answers it as
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details with \`code\`, \`detail\`, \`remedy\` and, where one input
is to blame, \`field\`; the SDK throws it as an \`AgoraiError\`; the command line ends with its exit code. This page is
generated from \`packages/core/src/errors/codes.ts\`; a test keeps it current.`
