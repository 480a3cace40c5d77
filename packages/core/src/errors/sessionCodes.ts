/** How sessions and idempotent calls say no. */
export const sessionCodes = {
  session_refused: {
    status: 401,
    exit: 4,
    title: 'The session token does not hold',
    remedy: 'Use a token of a session that is open at this operator, bound to this very request or as a bearer.',
  },
  session_scope: {
    status: 403,
    exit: 4,
    title: 'The session is for something else',
    remedy: 'Open a session for this service, or one without a service in the token that it is paid in.',
  },
  session_exhausted: {
    status: 402,
    exit: 5,
    title: 'The session cannot cover the most that this call may cost',
    remedy: 'Top it up by what is missing, which the details name, or ask for less.',
  },
  session_closed: {
    status: 409,
    exit: 5,
    title: 'The session takes no more calls',
    remedy: 'Open another one; what was used is charged and what was not is free again.',
  },
  counter_used: {
    status: 409,
    exit: 5,
    title: 'The counter of this token has been used',
    remedy: 'Count on for every call. What that call cost is in its usage receipt.',
  },
  call_in_flight: {
    status: 409,
    exit: 5,
    title: 'The same call is under way',
    remedy: 'Wait for its answer, and ask again with the same key if it is lost.',
  },
  idempotency_key_reused: {
    status: 422,
    exit: 2,
    title: 'The idempotency key belongs to another call',
    remedy: 'Choose a fresh key for each call; the same key is for the very same request only.',
  },
  answer_not_kept: {
    status: 409,
    exit: 5,
    title: 'The call was answered and charged, and its answer is not kept',
    remedy: 'It was larger than what is kept. Its usage receipt says what it was; call again with a fresh key.',
  },
} as const
