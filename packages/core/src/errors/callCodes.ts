/** The rows of `errorCodes` for calls of a service, before and beside what is paid for them. */
export const callCodes = {
  model_not_found: {
    status: 404,
    exit: 3,
    title: 'This node serves no such service',
    remedy: 'Name a service by its asset id; GET /v1/models lists those that are served here.',
  },
  model_unsupported: {
    status: 422,
    exit: 2,
    title: 'The model cannot be served',
    remedy: 'Publish the model in the form that the detail names, or sell it by the pass.',
  },
  model_overloaded: {
    status: 429,
    exit: 8,
    title: 'The model has more calls than it can answer',
    remedy: 'Call again after the seconds in Retry-After; nothing was charged.',
  },
  model_failed: {
    status: 502,
    exit: 8,
    title: 'The model gave no answer',
    remedy: 'Check the input against what the model takes; nothing was charged.',
  },
  model_timeout: {
    status: 504,
    exit: 8,
    title: 'The model took longer than a call may take',
    remedy: 'Ask for less in one call; nothing was charged.',
  },
  limit_exceeded: {
    status: 400,
    exit: 2,
    title: 'The call asks for more than one call may',
    remedy: 'Ask for less; the limit is in the detail and in the manifest of the service.',
  },
  upstream_unavailable: {
    status: 503,
    exit: 8,
    title: 'The server behind this service does not answer as it should',
    remedy: 'Try again later; nothing was charged. Its operator finds the reason in the log.',
  },
  usage_missing: {
    status: 502,
    exit: 8,
    title: 'The server behind this service does not say what the call used',
    remedy: 'Tell the operator: what is not measured is not sold, and nothing was charged.',
  },
} as const
