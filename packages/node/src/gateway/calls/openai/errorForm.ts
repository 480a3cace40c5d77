import type { Problem } from '@agorai/core'

/** What clients of the OpenAI API tell errors apart by. */
const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'payment_required',
  403: 'permission_error',
  429: 'rate_limit_error',
}

/** A problem as the OpenAI API tells it. */
export const openAiError = ({ status, code, detail, remedy, field }: Problem) => ({
  error: {
    message: `${detail} ${remedy}`,
    type: types[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error'),
    param: field ?? null,
    code,
  },
})
